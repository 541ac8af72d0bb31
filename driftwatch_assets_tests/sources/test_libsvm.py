"""What a LIBSVM file becomes, good and bad."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from driftwatch_assets.settings import PROJECT
from driftwatch_assets.sources import DeliveryRefused, LibsvmSource
from driftwatch_assets.sources import libsvm as libsvm_module
from driftwatch_assets.sources import libsvm_block as block_module
from driftwatch_assets.sources.libsvm_block import Layout, parse_block
from driftwatch_assets_tests.sources.libsvm_text import lines, text

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

SOURCE = LibsvmSource(features=128)
ROWS = (445, 1244, 1586, 161, 197, 2300, 3613, 294, 470, 3600)


def read(folder: Path, content: bytes, source: LibsvmSource = SOURCE) -> pd.DataFrame:
    path = folder / "batch7.dat"
    path.write_bytes(content)
    return source.read(path).to_pandas()


def refusal(folder: Path, content: bytes, source: LibsvmSource = SOURCE) -> DeliveryRefused:
    with pytest.raises(DeliveryRefused) as caught:
        read(folder, content, source)
    assert str(folder / "batch7.dat") in str(caught.value)
    return caught.value


def test_the_real_batches_are_read_whole_and_exactly(real_gas_sensors: Path) -> None:
    for batch, rows in enumerate(ROWS, 1):
        path = real_gas_sensors / f"batch{batch}.dat"
        table = SOURCE.read(path)
        written = [line.split() for line in path.read_text().splitlines()]

        assert table.num_rows == rows
        assert table.column("problem").null_count == rows
        assert table.column("label").to_pylist() == [tokens[0] for tokens in written]
        for feature in (1, 64, 128):
            values = [float(tokens[feature].partition(":")[2]) for tokens in written]
            assert table.column(f"x{feature}").to_pylist() == values


def test_the_columns_are_line_label_values_problem_and_text(tmp_path: Path) -> None:
    path = tmp_path / "a.dat"
    path.write_bytes(text(["3 1:0.5 2:-7", "1 1:1e3 2:x"]))
    table = LibsvmSource(features=2).read(path)

    assert {field.name: str(field.type) for field in table.schema} == {
        "source_line": "int64",
        "label": "string",
        "x1": "double",
        "x2": "double",
        "problem": "string",
        "source_text": "string",
    }
    assert table.to_pylist() == [
        {"source_line": 1, "label": "3", "x1": 0.5, "x2": -7.0, "problem": None, "source_text": None},
        {
            "source_line": 2,
            "label": None,
            "x1": None,
            "x2": None,
            "problem": "line 2, column 2: found 'x', expected a finite number",
            "source_text": "1 1:1e3 2:x",
        },
    ]


@pytest.mark.parametrize(
    ("spoil", "column", "found", "expected"),
    [
        (lambda line: line.replace(" 128:", " 129:"), "129", "found index 129", "expected an index from 1 to 128"),
        (lambda line: line.replace(" 5:", " 0:"), "0", "found index 0", "expected an index from 1 to 128"),
        (lambda line: line.replace(" 5:", " -5:"), "5", "found '-5:", "expected <index>:<value>"),
        (lambda line: line.replace(" 5:", " :"), "5", "found ':", "expected <index>:<value>"),
        (lambda line: line + " 129:1.0", "129", "found index 129", "expected an index from 1 to 128"),
        (lambda line: line.rpartition(" ")[0], "128", "found no value for index 128", "expected 128 values"),
        (lambda line: line[:200], "", "found no value for index", "expected 128 values"),
        (lambda line: line.replace(" 5:", " 4:"), "4", "found index 4 twice", "expected each index once"),
        (lambda line: value_of(line, 7, "nan"), "7", "found 'nan'", "expected a finite number"),
        (lambda line: value_of(line, 7, "NaN"), "7", "found 'NaN'", "expected a finite number"),
        (lambda line: value_of(line, 7, "inf"), "7", "found 'inf'", "expected a finite number"),
        (lambda line: value_of(line, 7, "-Infinity"), "7", "found '-Infinity'", "expected a finite number"),
        (lambda line: value_of(line, 7, "1e999"), "7", "found '1e999'", "expected a finite number"),
        (lambda line: value_of(line, 7, "1,5"), "7", "found '1,5'", "expected a finite number"),
        (lambda line: value_of(line, 7, "1_000"), "7", "found '1_000'", "expected a finite number"),
        (lambda line: value_of(line, 7, "٣"), "7", "found '٣'", "expected a finite number"),
        (lambda line: value_of(line, 7, ""), "7", "found ''", "expected a finite number"),
        (lambda line: value_of(line, 7, "1:2"), "7", "found '1:2'", "expected a finite number"),
        (lambda line: value_of(line, 7, "x" * 500), "7", "found 'xxxx", "expected a finite number"),
        (lambda line: line.partition(" ")[2], "label", "found '1:", "expected a label before the first value"),
        (lambda line: " " + line.partition(" ")[2], "label", "found '1:", "expected a label before the first value"),
        (lambda line: "1;10.0 " + line.partition(" ")[2], "label", "has 2 parts", "declare the other parts in"),
        (lambda line: line.replace(" 5:", " 5 "), "5", "found '5'", "expected <index>:<value>"),
        (lambda _: "# a remark", "1", "found 'a'", "expected <index>:<value>"),
        (lambda _: "7", "1", "found no value for index 1, 2, 3, 4, 5 and 123 more", "expected 128 values"),
    ],
)
def test_a_line_that_cannot_be_read_says_where_and_why_and_the_others_go_on(
    tmp_path: Path, spoil: object, column: str, found: str, expected: str
) -> None:
    rows = lines(100)
    rows[41] = spoil(rows[41])  # type: ignore[operator]
    frame = read(tmp_path, text(rows))

    bad = frame[frame["problem"].notna()]
    assert bad["source_line"].tolist() == [42]
    problem = bad["problem"].iloc[0]
    assert problem.startswith(f"line 42, column {column}")
    assert found in problem
    assert expected in problem
    assert len(problem) < 200
    assert bad["source_text"].tolist() == [rows[41]]
    assert bad.filter(like="x").drop(columns="source_text", errors="ignore").isna().all(axis=None)
    assert bad["label"].isna().all()
    assert frame["x1"].notna().sum() == 99
    assert frame.loc[frame["problem"].isna(), "source_text"].isna().all()


def value_of(line: str, feature: int, value: str) -> str:
    tokens = line.split(" ")
    tokens[feature] = f"{feature}:{value}"
    return " ".join(tokens)


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.replace(b"\n", b"\r\n"),
        lambda content: content.replace(b"\n", b" \n"),
        lambda content: content.replace(b" 5:", b"   5:"),
        lambda content: content.replace(b" 5:", b"\t5:"),
        lambda content: b"\xef\xbb\xbf" + content,
        lambda content: content + b"\n \n",
    ],
    ids=["windows line ends", "trailing spaces", "wide gaps", "tabs", "byte order mark", "blank lines at the end"],
)
def test_spacing_does_not_matter(tmp_path: Path, change: object) -> None:
    content = text(lines(50))

    assert read(tmp_path, change(content)).equals(read(tmp_path, content))  # type: ignore[operator]


def test_blank_lines_are_no_rows_but_count_as_lines(tmp_path: Path) -> None:
    rows = lines(3)

    assert read(tmp_path, text([rows[0], "", rows[1], "   ", rows[2]]))["source_line"].tolist() == [1, 3, 5]


def test_values_may_come_in_any_order_of_their_index(tmp_path: Path) -> None:
    label, *tokens = lines(1)[0].split(" ")

    assert read(tmp_path, text([" ".join([label, *tokens[::-1]])])).equals(read(tmp_path, text(lines(1))))


def test_the_variant_with_concentrations_is_read(tmp_path: Path) -> None:
    rows = [line.replace(" ", f";{at}.5 ", 1) for at, line in enumerate(lines(60))]
    rows[7] = rows[7].replace(";7.5", ";much")
    rows[8] = rows[8].replace(";8.5", "")
    rows[9] = rows[9].replace(";9.5", ";9.5;1")
    frame = read(tmp_path, text(rows), LibsvmSource(features=128, label_fields=("label", "concentration")))

    assert frame.columns.tolist()[:4] == ["source_line", "label", "concentration", "x1"]
    assert frame["label"].drop([7, 9]).isin(list("123456")).all()
    assert frame["concentration"].drop([7, 8, 9]).tolist() == [at + 0.5 for at in range(60) if at not in {7, 8, 9}]
    assert frame["concentration"][[8]].isna().all()
    assert frame["problem"].dropna().tolist() == [
        "line 8, column concentration: found 'much', expected a finite number",
        "line 10, column label: found '" + rows[9].split(" ")[0] + "', which has 3 parts, expected "
        "label;concentration; declare the other parts in label_fields",
    ]


def test_an_undeclared_variant_is_refused_with_what_to_declare(tmp_path: Path) -> None:
    refused = refusal(tmp_path, text([line.replace(" ", ";10.0 ", 1) for line in lines(20)]))

    assert refused.line == 1
    assert "none of its 20 lines can be read" in refused.found
    assert "declare the other parts in label_fields" in refused.found
    assert "label_fields: [label]" in refused.what_to_do


@pytest.mark.parametrize("content", [b"", b"\n", b" \n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(tmp_path: Path, content: bytes) -> None:
    assert refusal(tmp_path, content).found == "the file is empty"


def test_a_truncated_file_is_refused_with_the_line_and_the_column_where_it_ends(tmp_path: Path) -> None:
    content = text(lines(100))
    cut = content[: content.rfind(b" 77:") + 6]

    refused = refusal(tmp_path, cut)
    assert (refused.line, refused.column) == (100, "77")
    assert "truncated" in refused.found
    assert "Deliver the whole file again" in refused.what_to_do
    assert refusal(tmp_path, content[:-1]).line == 100
    assert refusal(tmp_path, b"3").line == 1


@given(st.binary(min_size=1, max_size=3000))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rubbish_is_refused_whatever_it_is(tmp_path: Path, rubbish: bytes) -> None:
    refusal(tmp_path, rubbish)


@pytest.mark.parametrize(
    ("content", "line", "byte"),
    [(b"PK\x03\x04\x00\x00", 1, "byte 5 of the line is 0x00"), (b"1 1:2\n\xff\xfe", 2, "byte 1 of the line is 0xff")],
)
def test_binary_rubbish_is_refused_with_its_line_and_byte(tmp_path: Path, content: bytes, line: int, byte: str) -> None:
    refused = refusal(tmp_path, content)

    assert refused.line == line
    assert byte in refused.found
    assert "no UTF-8 text" in refused.found


def test_rubbish_behind_good_lines_refuses_the_whole_file(tmp_path: Path) -> None:
    refused = refusal(tmp_path, text(lines(500)) + b"\x00\x01\x02\n")

    assert refused.line == 501


def test_a_page_instead_of_data_is_refused_with_its_first_line(tmp_path: Path) -> None:
    refused = refusal(tmp_path, b"<!doctype html>\n<title>Moved</title>\n")

    assert "none of its 2 lines can be read; the first: line 1" in str(refused)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeliveryRefused, match=r"batch9\.dat: it cannot be opened \(No such file or directory\)"):
        SOURCE.read(tmp_path / "batch9.dat")


def test_a_file_above_the_limit_is_refused_with_its_size_and_the_setting(tmp_path: Path) -> None:
    content = text(lines(10))

    refused = refusal(tmp_path, content, LibsvmSource(features=128, max_bytes=1000))
    assert f"it has {len(content):,} bytes, more than max_bytes: 1,000" in str(refused)
    assert "raise max_bytes" in refused.what_to_do


def test_lines_keep_their_numbers_across_the_blocks_of_a_large_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = lines(300)
    for at in (0, 99, 250, 299):
        rows[at] = rows[at].replace(" 128:", " 129:")
    whole = read(tmp_path, text(rows))
    monkeypatch.setattr(libsvm_module, "BLOCK_BYTES", 5000)

    assert read(tmp_path, text(rows)).equals(whole)
    assert whole.loc[whole["problem"].notna(), "source_line"].tolist() == [1, 100, 251, 300]
    assert refusal(tmp_path, text(rows)[:-1]).line == 300
    assert refusal(tmp_path, text(rows[:200]) + b"\0\n").line == 201
    assert "more than 5,000 bytes without an end" in refusal(tmp_path, text(rows[:3]) + b"1" * 20_000).found


def test_ten_times_the_usual_size_is_read_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "batch7.dat"
    path.write_bytes(text(lines(1000)) * 36)
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from driftwatch_assets.sources import LibsvmSource\n"
        "from driftwatch_assets_tests.peak_memory import peak_bytes\n"
        "before = peak_bytes()\n"
        "table = LibsvmSource(features=128).read(Path(sys.argv[1]))\n"
        "print(table.num_rows, peak_bytes() - before)\n"
    )
    command = [sys.executable, "-c", script, str(path)]
    out = subprocess.run(command, capture_output=True, text=True, check=True, cwd=PROJECT).stdout
    rows, taken = map(int, out.split())

    assert rows == 36_000
    assert 0 < taken < 5 * path.stat().st_size


@given(
    st.lists(
        st.tuples(
            st.integers(0, 3),
            st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=3, max_size=3),
        ),
        min_size=40,
        max_size=60,
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_the_fast_way_and_the_careful_way_agree(tmp_path: Path, rows: list[tuple[int, list[float]]]) -> None:
    source = LibsvmSource(features=3)
    written = [f"{label} 1:{a!r} 2:{b!r} 3:{c!r}" for label, (a, b, c) in rows]
    fine = "1 1:0.0 2:0.0 3:0.0"
    together = read(tmp_path, text([*written, fine]), source)
    singly = read(tmp_path, text([*(f"{line.replace(' ', '  ')}" for line in written), fine]), source)

    assert together.drop(columns="source_text").equals(singly.drop(columns="source_text"))
    finite = np.isfinite([values for _, values in rows]).all(axis=1)
    assert together["problem"].isna().tolist() == [*finite, True]


WHOLE = ["1:2", "2:3", "3:-1.5", "1:1e5", "1:.5", "1:5.", "3:-0", "3:1e-400", "a;1", "?", "1", "2", ":", " ", "  "]
ODD_INDEX = ["1:2:3", "2:3:3", "01:2", "0000000001:1", "0x1:2", "+1:2", "²:1", ":3", "a\tb", '"2:3"']
ODD_VALUE = [
    "1:0x2",
    "1:+2",
    "1: 2",
    "1:\t2",
    "1:1_0",
    "1:1d2",
    "1:nan",
    "2:inf",
    "2:1e400",
    "3:1f",
    "3:NULL",
    "1:true",
]
PIECES = st.sampled_from([*WHOLE, *ODD_INDEX, *ODD_VALUE, "2:\x0b3", "2:3\xa0", "2:٣", "2:"])
LINES = st.builds(" ".join, st.lists(PIECES, min_size=1, max_size=6)) | st.text("12:. 0x-+e;?", min_size=1, max_size=14)


@given(st.lists(LINES, min_size=1, max_size=6), st.booleans())
@settings(max_examples=600, deadline=None)
@example(["2 1 1:2 2:3:3"], True)
@example(["a\tb 1:2 2:3 3:4"], True)
@example(["1 0x1:2 2:3 3:4", "1 0000000001:2 2:3 3:4", "1 1:\t2 2:3 3:4"], False)
def test_any_line_is_read_as_the_careful_way_reads_it(written: list[str], parted: bool) -> None:
    layout = Layout(3, ("label", "level") if parted else ("label",), "?")
    block = text([line for line in written if line.strip()] or ["1"])
    found = parse_block(block, 1, layout)[0]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(block_module, "_is_plain", lambda lines, _: np.zeros(len(lines), bool))
        assert found.equals(parse_block(block, 1, layout)[0])


def test_a_line_whose_separators_do_not_take_turns_is_put_aside(tmp_path: Path) -> None:
    table = read(tmp_path, b"1 1:1 2:2 3:3\n2 1 1:2 2:3:3\n", LibsvmSource(features=3))
    assert table["problem"].tolist() == [None, "line 2, column 1: found '1', expected <index>:<value>"]
    assert table["source_text"].tolist() == [None, "2 1 1:2 2:3:3"]


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"features": 0}, "greater than or equal to 1"),
        ({"features": 128, "label_fields": ("x1",)}, "label field 'x1' is no usable column name"),
        ({"features": 128, "label_fields": ("problem",)}, "label field 'problem' is no usable column name"),
        ({"features": 128, "label_fields": ("a", "a")}, "names a column twice"),
        ({"features": 128, "max_byte": 1}, "Extra inputs are not permitted"),
    ],
)
def test_a_wrong_declaration_is_refused(declared: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        LibsvmSource.model_validate(declared)
