"use strict";
for (const button of document.querySelectorAll("th > button")) {
  button.addEventListener("click", () => {
    const head = button.parentElement;
    const group = head.closest("table").dataset.group;
    const tables = [...document.querySelectorAll("table[data-group]")].filter((each) => each.dataset.group === group);
    const column = head.cellIndex;
    const first = head.dataset.first || "descending";
    const other = first === "descending" ? "ascending" : "descending";
    const direction = head.getAttribute("aria-sort") === first ? other : first;
    const sign = direction === "ascending" ? 1 : -1;
    const bodies = tables.map((table) => table.tBodies[0]);
    const sizes = bodies.map((body) => body.rows.length);
    const rows = bodies.flatMap((body) => [...body.rows]);
    const value = (row) => row.cells[column].dataset.v ?? row.cells[column].textContent.trim();
    const byNumber = rows.every((row) => value(row) === "" || !Number.isNaN(Number(value(row))));
    rows.sort((left, right) => {
      const [a, b] = [value(left), value(right)];
      if (a === "" || b === "") return (a === "") - (b === "");
      return sign * (byNumber ? Number(a) - Number(b) : a.localeCompare(b, "en", { numeric: true }));
    });
    let start = 0;
    bodies.forEach((body, at) => {
      body.append(...rows.slice(start, start + sizes[at]));
      start += sizes[at];
    });
    for (const table of tables) {
      [...table.tHead.rows[0].cells].forEach((cell, at) => {
        if (at === column) cell.setAttribute("aria-sort", direction);
        else cell.removeAttribute("aria-sort");
      });
    }
  });
}
