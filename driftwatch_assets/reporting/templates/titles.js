for (const table of document.querySelectorAll("table.dense")) {
  table.addEventListener("mouseover", (event) => {
    const cell = event.target.closest("td");
    if (!cell || cell.title) return;
    const batch = table.tHead.rows[0].cells[cell.cellIndex].textContent.trim();
    cell.title = `${cell.parentElement.cells[0].title}, batch ${batch}: ${cell.textContent.trim()}`;
  });
}
