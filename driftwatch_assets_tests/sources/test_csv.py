"""What a CSV file becomes, good and bad."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from driftwatch_assets.sources import CsvSource, DeliveryRefused
from driftwatch_assets.sources.csv_dialect import Dialect
from driftwatch_assets.sources.csv_records import Body, Records, _parse_singly, read_records
from driftwatch_assets.sources.csv_values import EXPECTED

if TYPE_CHECKING:
    from collections.abc import Callable

LOANS = CsvSource(
    columns=("loan_id", "amount", "start"), types={"amount": "number"}, dates={"start": ("%Y-%m-%d", "%d/%m/%Y")}
)
PEOPLE = CsvSource(columns=("id", "ssn", "age"), types={"ssn": "integer", "age": "integer"}, personal=("ssn",))
DIALECT = Dialect(",", '"', ("",), 2**17)


def read(folder: Path, content: bytes | str, source: CsvSource = LOANS) -> pa.Table:
    path = folder / "loans.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return source.read(path)


def refusal(folder: Path, content: bytes | str, source: CsvSource = LOANS) -> DeliveryRefused:
    with pytest.raises(DeliveryRefused) as caught:
        read(folder, content, source)
    assert str(folder / "loans.csv") in str(caught.value)
    assert caught.value.__context__ is None or "secret" not in str(caught.value.__context__)
    return caught.value


def test_a_file_becomes_a_bronze_table(tmp_path: Path) -> None:
    table = read(tmp_path, "amount,loan_id,start\n1.5,A,2024-01-31\n,B,\n")

    assert table.schema == pa.schema(
        {
            "source_line": pa.int64(),
            "loan_id": pa.string(),
            "amount": pa.float64(),
            "start": pa.timestamp("us"),
            "problem": pa.string(),
            "source_text": pa.string(),
        }
    )
    assert table.drop_columns(["problem", "source_text"]).to_pylist() == [
        {"source_line": 2, "loan_id": "A", "amount": 1.5, "start": datetime(2024, 1, 31)},  # noqa: DTZ001 - no zone
        {"source_line": 3, "loan_id": "B", "amount": None, "start": None},
    ]
    assert table.column("problem").null_count == table.column("source_text").null_count == 2


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", ["", "newline"])
def test_lines_are_the_files_own_whatever_ends_them(tmp_path: Path, newline: str, last: str) -> None:
    lines = ["", "loan_id,amount,start", "A,1,", "", 'B,"2",', f'"C{newline}c",3,', "D,4,"]
    table = read(tmp_path, newline.join(lines) + (newline if last else ""))

    assert table.column("source_line").to_pylist() == [3, 5, 6, 8]
    assert table.column("loan_id").to_pylist() == ["A", "B", f"C{newline}c", "D"]
    assert table.column("amount").to_pylist() == [1, 2, 3, 4]


def test_a_ragged_line_and_a_wrong_type_are_problems_of_their_rows(tmp_path: Path) -> None:
    table = read(tmp_path, 'loan_id,amount,start\nA,1,\n"B\nb",2\nC,many,\nD,4,,\nE,inf,\n')

    assert table.column("source_line").to_pylist() == [2, 3, 5, 6, 7]
    assert table.column("problem").to_pylist() == [
        None,
        "line 3: found 2 fields, expected 3",
        "line 5, column amount: found 'many', expected a finite number",
        "line 6: found 4 fields, expected 3",
        "line 7, column amount: found 'inf', expected a finite number",
    ]
    assert table.column("source_text").to_pylist() == [None, '"B\nb",2', "C,many,", "D,4,,", "E,inf,"]
    assert table.column("loan_id").to_pylist() == ["A", None, None, None, None]
    dated = read(tmp_path, "loan_id,amount,start\nA,1,2024-01-31\nB,many,2024-02-01\nC,2,2024-02-02,\n")
    assert [str(moment)[:10] for moment in dated.column("start").to_pylist()] == ["2024-01-31", "2024-02-01", "None"]
    assert dated.column("amount").to_pylist() == [1.0, None, None]


@pytest.mark.parametrize(
    ("text", "number", "integer"),
    [
        ("7", 7.0, 7),
        ("+007", 7.0, 7),
        ("-7.", -7.0, None),
        (".5e1", 5.0, None),
        ("1e999", None, None),
        ("nan", None, None),
        (" 1", None, None),
        ("1,5", None, None),
        ("0x10", None, None),
        ("1_000", None, None),
        ("9223372036854775807", 9223372036854775807.0, 9223372036854775807),
        ("-9223372036854775808", -9223372036854775808.0, -9223372036854775808),
        ("9223372036854775808", 9223372036854775808.0, None),
        ("٣", None, None),
        ("1.0", 1.0, 1),
        ("-2.00", -2.0, -2),
        ("1.5", 1.5, None),
        ("1.0.0", None, None),
        ("9007199254740993.0", 9007199254740992.0, 9007199254740993),
        ("9223372036854775808.0", 9223372036854775808.0, None),
    ],
)
def test_numbers_are_what_they_look_like(tmp_path: Path, text: str, number: float | None, integer: int | None) -> None:
    source = CsvSource(columns=("n", "i"), types={"n": "number", "i": "integer"}, delimiter=";")
    for at, expected in ((0, number), (1, integer)):
        fields = ["0", "0"]
        fields[at] = text
        table = read(tmp_path, f"n;i\n{';'.join(fields)}\n1;1\n", source)
        assert table.column("ni"[at])[0].as_py() == expected
        assert (table.column("problem")[0].as_py() is None) == (expected is not None)


def test_dates_are_read_by_the_format_that_is_declared(tmp_path: Path) -> None:
    source = CsvSource(columns=("t",), dates={"t": "%m/%d/%Y %H:%M"})
    moments = read(tmp_path, "t\n7/29/2023 13:00\n08/03/2023 0:11\n", source).column("t").to_pylist()
    assert [f"{moment:%Y-%m-%d %H:%M}" for moment in moments] == ["2023-07-29 13:00", "2023-08-03 00:11"]


def test_of_several_formats_one_fits_the_whole_file(tmp_path: Path) -> None:
    iso = read(tmp_path, "loan_id,amount,start\nA,1,2024-04-03\nB,2,2024-12-31\n")
    ours = read(tmp_path, "loan_id,amount,start\nA,1,3/4/2024\nB,2,31/12/2024\n")
    assert iso.equals(ours)

    refused = refusal(tmp_path, "loan_id,amount,start\nA,1,3/4/2024\n\nB,2,\nC,3,2024-04-03\nD,4,5/4/2024\n")
    assert (refused.line, refused.column) == (5, "start")
    assert refused.found == (
        "found '2024-04-03', which does not fit the declared format %d/%m/%Y "
        "(nor do all dates of the file fit %Y-%m-%d)"
    )


def test_several_formats_are_one_choice_for_all_columns_of_a_file(tmp_path: Path) -> None:
    both = ("%Y-%m-%d", "%d/%m/%Y")
    source = CsvSource(columns=("id", "seen", "start"), dates={"seen": both, "start": both})
    iso = read(tmp_path, "id,seen,start\nA,2024-05-01,2024-04-03\nB,,2024-12-31\n", source)
    assert iso.equals(read(tmp_path, "id,seen,start\nA,1/5/2024,3/4/2024\nB,,31/12/2024\n", source))

    refused = refusal(tmp_path, "id,seen,start\nA,2024-05-01,\nB,2024-05-01,\nC,2024-05-01,3/4/2024\n", source)
    assert (refused.line, refused.column) == (4, "start")
    assert refused.found == (
        "found '3/4/2024', which does not fit the declared format %Y-%m-%d (nor do all dates of the file fit %d/%m/%Y)"
    )

    fixed = CsvSource(columns=("id", "seen", "start"), dates={"seen": "%Y-%m-%d", "start": both})
    read(tmp_path, "id,seen,start\nA,2024-05-01,3/4/2024\n", fixed)
    assert refusal(tmp_path, "id,seen,start\nA,1/5/2024,3/4/2024\n", fixed).column == "seen"


@pytest.mark.parametrize(
    "text", ["2024-02-30", "0000-00-00", "2024-13-01", "2024-01-32", "soon", "-", "NaT", "12", "24-05-03"]
)
def test_a_date_that_is_no_day_is_a_problem_of_its_row(tmp_path: Path, text: str) -> None:
    table = read(tmp_path, f"loan_id,amount,start\nA,1,2024-01-31\nB,2,{text}\nC,3,2024-02-01\n")
    assert table.column("problem").to_pylist() == [
        None,
        f"line 3, column start: found {text!r}, expected a day or a moment as %Y-%m-%d",
        None,
    ]
    assert table.column("source_text").to_pylist() == [None, f"B,2,{text}", None]
    assert table.column("amount").to_pylist() == [1.0, None, 3.0]
    assert [moment and moment.day for moment in table.column("start").to_pylist()] == [31, None, 1]


@pytest.mark.parametrize(
    "text", ["31/01/2024", "31-01-2024", "2024-01-31 00:00:00", "20240131", "Jan 31, 2024", "31. Jan 2024", "1/2/24"]
)
def test_a_date_of_another_format_refuses_the_file(tmp_path: Path, text: str) -> None:
    source = CsvSource(columns=("id", "t"), delimiter=";", dates={"t": "%Y-%m-%d"})
    assert refusal(tmp_path, f"id;t\nA;2024-01-31\nB;{text}\nC;2024-02-01\n", source).line == 3


def test_a_format_is_matched_whole(tmp_path: Path) -> None:
    def refused(declared: str, *texts: str) -> int | None:
        source = CsvSource(columns=("id", "t"), delimiter=";", dates={"t": declared})
        return refusal(tmp_path, "\n".join(["id;t", *(f"A;{text}" for text in texts), ""]), source).line

    assert refused("%Y%m%d", "20241102", "2024112") == 3
    assert refused("%Y%m%d", "2024112", "20241102") == 2
    assert refused("%d%m%Y %H%M", "02112024 0930", "2112024 0930") == 3
    source = CsvSource(columns=("id", "t"), dates={"t": "%d/%m/%Y %H:%M"})
    table = read(tmp_path, "id,t\nA,3/4/2024 9:05\nB,03/04/2024 09:05\nC,٣/4/2024 9:05\n", source)
    assert [str(moment) for moment in table.column("t").to_pylist()] == ["2024-04-03 09:05:00"] * 2 + ["None"]


def test_a_year_of_two_digits_is_of_the_declared_century(tmp_path: Path) -> None:
    declared = {"columns": ("id", "born"), "dates": {"born": "%d/%m/%y"}}
    with pytest.raises(ValidationError, match=r"two-digit year \(%y\) for column 'born'.* declare pivot_year"):
        CsvSource.model_validate(declared)
    for pivot, years in ((1930, [1955, 2029, 1930]), (2000, [2055, 2029, 2030]), (1900, [1955, 1929, 1930])):
        source = CsvSource.model_validate({**declared, "pivot_year": pivot})
        table = read(tmp_path, "id,born\nA,31/12/55\nB,31/12/29\nC,31/12/30\n", source)
        assert [born.year for born in table.column("born").to_pylist()] == years
    leap = CsvSource.model_validate({**declared, "pivot_year": 1900})
    assert "'29/02/00'" in read(tmp_path, "id,born\nA,29/02/04\nB,29/02/00\n", leap).column("problem")[1].as_py()


def test_a_file_with_a_date_that_is_no_day_has_one_format_all_the_same(tmp_path: Path) -> None:
    """A choice that many dates do not fit is not the file's; where two are as likely, nobody guesses."""
    either = CsvSource(columns=("id", "t"), dates={"t": ("%m/%d/%Y", "%d/%m/%Y")})
    table = read(tmp_path, "id,t\nA,31/01/2024\nB,30/02/2024\nC,3/4/2024\n", either)
    assert [moment and moment.month for moment in table.column("t").to_pylist()] == [1, None, 4]
    assert refusal(tmp_path, "id,t\nA,1/2/2024\nB,30/02/2024\nC,3/4/2024\n", either).line == 3
    iso = read(tmp_path, "loan_id,amount,start\nA,1,2024-02-30\nB,2,2024-02-29\n")
    assert iso.column("problem").null_count == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    st.lists(st.datetimes(datetime(1900, 1, 1), datetime(2199, 12, 31)), min_size=1, max_size=5),  # noqa: DTZ001 - no zone
    st.sampled_from(
        [
            "%Y-%m-%d",
            "%d/%m/%Y %H:%M",
            "%Y%m%d%H%M%S",
            "%d %B %Y",
            "%Y-%j",
            "%Y-%m-%dT%H:%M:%S.%f",
            "%I:%M %p, %d.%m.%Y",
        ]
    ),
)
def test_what_strftime_writes_is_read_as_strptime_reads_it(
    tmp_path: Path, moments: list[datetime], declared: str
) -> None:
    source = CsvSource(columns=("t",), delimiter=";", dates={"t": declared})
    texts = [moment.strftime(declared) for moment in moments]
    read_back = read(tmp_path, "\n".join(["t", *texts, ""]), source).column("t").to_pylist()
    assert read_back == [datetime.strptime(text, declared) for text in texts]  # noqa: DTZ007 - no zone


def test_a_header_that_comes_again_is_a_problem_of_its_row(tmp_path: Path) -> None:
    table = read(tmp_path, "start,loan_id,amount\n2024-01-31,A,1\nstart,loan_id,amount\n2024-02-01,start,2\n")
    assert table.column("problem").to_pylist() == [None, "line 3: it repeats the header", None]
    assert table.column("source_text")[1].as_py() == "start,loan_id,amount"
    assert table.column("loan_id").to_pylist() == ["A", None, "start"]
    plain = CsvSource(columns=("a", "b"))
    assert read(tmp_path, "a,b\n1,2\na,b\na,3\n", plain).column("a").to_pylist() == ["1", None, "a"]


def test_an_ambiguous_column_is_not_guessed(tmp_path: Path) -> None:
    source = CsvSource(columns=("t",), dates={"t": "%d/%m/%Y"})
    assert read(tmp_path, "t\n3/4/2024\n", source).column("t")[0].as_py().month == 4
    assert refusal(tmp_path, "t\n3/4/2024\n12/31/2024\n", source).line == 3


@pytest.mark.parametrize(
    ("content", "line", "found"),
    [
        ("", None, "the file is empty"),
        ("\n\r\n", None, "the file is empty"),
        ("loan_id,amount,start\n", None, "has a header and no rows"),
        ("loan_id,start\nA,2024-01-01\n", 1, "it lacks amount"),
        ("loan_id,amuont,start\nA,1,\n", 1, r"it lacks amount \(nearest: amuont\); it has 'amuont' \(nearest: amount"),
        ("loan_id,amount,start,branch\nA,1,,x\n", 1, "it has 'branch', not declared"),
        ("loan_id,amount,start,amount\nA,1,,1\n", 1, "names a column twice"),
        ("A,1,2024-01-01\nB,2,2024-01-02\n", 1, "its first line seems to be no header"),
        ('loan_id,amount,start\nA,1,\n"B,2,\nC,3,\n', 3, "a quote .* is opened .* the file ends before it is closed"),
        ('"loan_id,amount,start\nA,1,\n', 1, "a quote .* is opened"),
        ("loan_id,amount,start\nA,1,\nB,2", 3, "after 2 of 3 fields and without a newline, so it is truncated"),
        (b"loan_id,amount,start\nA,1,\nB\0,2,\n", 3, "byte 2 of the line is NUL"),
        (
            b"loan_id,amount,start\nA,1,\nB\xe9,2,\n",
            3,
            r"byte 2 of the line \(offset 27 in the file\) is 0xe9, .*utf-8",
        ),
        (b"\x1f\x8b\x08\x00binary\xff", 1, "byte 2 of the line .* is 0x8b"),
        ("loan_id,amount,start\n" + "A" * 200_000 + ",1,\n", 2, "the line has 200,003 bytes, more than max_line_bytes"),
        ("loan_id,amount,start\nA,1,\nB," + '"' + "x\n" * 70_000, 3, "more than max_line_bytes"),
        ("loan_id;amount;start\nA;1;\n", 1, "its first line seems to be no header"),
        ("loan_id,amount,start\nA,x,\nB,y\n", 2, "none of its 2 rows can be read; the first: line 2, column amount"),
    ],
)
def test_a_file_that_is_no_delivery_is_refused_whole(
    tmp_path: Path, content: bytes | str, line: int | None, found: str
) -> None:
    refused = refusal(tmp_path, content)
    assert refused.line == line
    assert re.search(found, refused.found), refused.found


def test_a_file_that_is_absent_or_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeliveryRefused, match="it cannot be opened"):
        LOANS.read(tmp_path / "absent.csv")
    with pytest.raises(DeliveryRefused, match="it cannot be opened"):
        LOANS.read(tmp_path)
    small = LOANS.model_copy(update={"max_bytes": 10})
    assert "more than max_bytes: 10" in str(refusal(tmp_path, "loan_id,amount,start\nA,1,\n", small))


def test_an_empty_table_may_be_declared(tmp_path: Path) -> None:
    may = LOANS.model_copy(update={"may_be_empty": True})
    table = read(tmp_path, "start,loan_id,amount\n", may)
    assert table.num_rows == 0
    assert table.schema == read(tmp_path, "start,loan_id,amount\n2024-01-01,A,1\n", may).schema
    assert refusal(tmp_path, "", may).found == "the file is empty"


def test_a_file_without_a_header_has_its_columns_in_order(tmp_path: Path) -> None:
    source = CsvSource(columns=("length", "species"), header=False, types={"length": "number"})
    table = read(tmp_path, "5.1,setosa\n4.9,setosa\n\n", source)
    assert table.column("source_line").to_pylist() == [1, 2]
    assert table.column("length").to_pylist() == [5.1, 4.9]
    assert refusal(tmp_path, "", source).found == "the file is empty"


def test_dialect_encoding_and_missing_are_declared(tmp_path: Path) -> None:
    source = CsvSource(columns=("a", "b"), delimiter=";", quote="'", encoding="cp1252", missing=("NA", "-"))
    table = read(tmp_path, "a;b\n'caf\xe9;x';NA\n-;\n".encode("cp1252"), source)
    assert table.column("a").to_pylist() == ["café;x", None]
    assert table.column("b").to_pylist() == [None, ""]
    assert read(tmp_path, "a;b\n'é;x';2\n".encode("utf-16"), source.model_copy(update={"encoding": "utf-16"})).num_rows
    assert "which is not cp1252" in str(refusal(tmp_path, b"a;b\n1;\x81\n", source))
    plain = CsvSource(columns=("a", "b"), quote=None)
    assert read(tmp_path, 'a,b\n"1,2"\n', plain).column("a").to_pylist() == ['"1']


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbf" + b"loan_id,amount,start\nA,1,\n").num_rows == 1
    assert "offset 26" in str(refusal(tmp_path, b"\xef\xbb\xbfloan_id,amount,start\nAB\xff,1,\n"))


def test_no_message_shows_personal_data(tmp_path: Path) -> None:
    table = read(tmp_path, "id,ssn,age\n1,1234,30\n2,secret-12,31\n3,99,old\n4,secret-4\n", PEOPLE)
    assert table.column("problem").to_pylist() == [
        None,
        f"line 3, column ssn: found a value that is withheld (the column is personal), expected {EXPECTED['integer']}",
        "line 4, column age: found 'old', expected a whole number within 64 bits",
        "line 5: found 2 fields, expected 3",
    ]
    assert set(table.column("source_text").to_pylist()[1:]) == {"withheld: the table has personal columns"}

    dated = CsvSource(columns=("id", "born"), dates={"born": "%Y-%m-%d"}, personal=("born",))
    contents = ["id,born\n1,secret-1\n", "1,secret-2\n", 'id,born\n1,"secret-3\n', "secret,secret\n1,2\n"]
    for content in contents:
        assert "secret" not in str(refusal(tmp_path, content, dated))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"columns": ()}, "at least 1 item"),
        ({"columns": ("a", "a")}, "names a twice"),
        ({"columns": ("a", "problem")}, "'problem' cannot be declared"),
        ({"delimiter": '"'}, "delimiter and quote are both"),
        ({"delimiter": "||"}, "at most 1 character"),
        ({"delimiter": "\n"}, "cannot part, enclose or escape"),
        ({"escape": ","}, "which is the delimiter or the quote already"),
        ({"escape": "é"}, "expected one ASCII character"),
        ({"encoding": "utf8000"}, "encoding 'utf8000' is unknown"),
        ({"encoding": "base64"}, "encoding 'base64' is unknown"),
        ({"dates": {"begin": "%Y"}}, r"dates names column 'begin', which is not in columns"),
        ({"dates": {"loan_idd": "%Y"}}, r"\(nearest: loan_id\)"),
        ({"dates": {"start": "%d/%m"}}, "has no year"),
        ({"dates": {"start": "%Y-%m-%dT%H:%M%z"}}, "has %z, which depends"),
        ({"dates": {"start": "%Q"}}, "cannot be used"),
        ({"dates": {"start": ()}}, "names no format"),
        (
            {"dates": {"start": ("%Y", "%d/%m/%Y"), "amount": ("%Y", "%d/%m/%Y", "%m/%d/%Y")}},
            r"do not go together \(start has 2, amount has 3\): expected equally many",
        ),
        ({"types": {"start": "number"}}, "is in dates and in types"),
        ({"personal": ("name",)}, "personal names column 'name'"),
        ({"colour": 1}, "Extra inputs are not permitted"),
    ],
)
def test_a_declaration_that_cannot_be_meant_is_refused(changes: dict[str, object], said: str) -> None:
    declared = {"columns": ("loan_id", "amount", "start"), "dates": {"start": "%Y-%m-%d"}, **changes}
    with pytest.raises(ValidationError, match=said):
        CsvSource.model_validate(declared)


FIELDS = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=6)
ESCAPED = st.text(st.sampled_from('a,"\n\\ é'), max_size=6)
TRICKY = st.text(st.sampled_from('a,"\n\r \u2028é'), max_size=40)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(FIELDS, FIELDS), min_size=1, max_size=8),
    delimiter=st.sampled_from(",;\t|"),
    newline=st.sampled_from(["\n", "\r\n"]),
    quote_all=st.booleans(),
)
def test_what_pythons_csv_writes_is_read_back(
    tmp_path: Path, rows: list[tuple[str, str]], delimiter: str, newline: str, quote_all: bool
) -> None:
    # A writer that knows no escape may write a backslash before a quote, or before the end of a quoted field.
    assume(not any("\\" in field for row in rows for field in row))
    text = io.StringIO(newline="")
    # With "\n" between lines, a writer that only quotes where it must leaves "\r" without quotes: a line end by itself.
    quoting = csv.QUOTE_ALL if quote_all or newline == "\n" else csv.QUOTE_MINIMAL
    writer = csv.writer(text, delimiter=delimiter, lineterminator=newline, quoting=quoting)
    writer.writerows([("a", "b"), *rows])
    table = read(tmp_path, text.getvalue(), CsvSource(columns=("a", "b"), delimiter=delimiter, missing=()))

    assert list(zip(table.column("a").to_pylist(), table.column("b").to_pylist(), strict=True)) == rows


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(TRICKY)
@example('a,"b"c\n')
@example('a"b,c"\n')
@example('"a\n\n",b\n')
def test_any_text_is_read_as_pythons_csv_reads_it(tmp_path: Path, text: str) -> None:
    expected = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    try:
        records = read_records(tmp_path, text.encode(), Body(0, 1), ["x", "y"], Dialect(",", '"', (), 2**17))
    except DeliveryRefused as refused:
        assert re.search("a quote|truncated", refused.found)  # noqa: PT017 - each refusal is of one of two kinds
        return
    assert len(records.lines) == len(expected)
    for row, fields in enumerate(expected):
        read_fields = [records.columns[name][row].as_py() for name in ("x", "y")]
        assert read_fields == (fields if len(fields) == 2 else [None, None])
        assert (row in records.problems) == (len(fields) != 2)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(ESCAPED, ESCAPED), min_size=1, max_size=8),
    newline=st.sampled_from(["\n", "\r\n"]),
    doubled=st.booleans(),
)
def test_what_pythons_csv_writes_with_an_escape_is_read_back(
    tmp_path: Path, rows: list[tuple[str, str]], newline: str, doubled: bool
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=newline, quoting=csv.QUOTE_ALL, escapechar="\\", doublequote=doubled)
    writer.writerows([("a", "b"), *rows])
    table = read(tmp_path, text.getvalue(), CsvSource(columns=("a", "b"), escape="\\", missing=()))
    assert list(zip(table.column("a").to_pylist(), table.column("b").to_pylist(), strict=True)) == rows


@pytest.mark.parametrize("last", ["", "\n"])
def test_a_line_that_escapes_a_quote_is_put_aside_where_no_escape_is_declared(tmp_path: Path, last: str) -> None:
    lines = [
        r'"say \"hi\" now",1',
        "A,2",
        r'"5\"",3',
        r'"C:\",4',
        r"5\",5",
        r'"{""a"": ""x\""y""}",6',
        '"two',
        r'lines \"of\" text",7',
        r'"\"",8',
    ]
    source = CsvSource(columns=("a", "b"), types={"b": "integer"})
    table = read(tmp_path, "a,b\n" + "\n".join(lines) + last, source)
    found = "found a quote after a backslash, expected quotes as they are declared"
    assert table.column("problem").to_pylist() == [
        f"line 2: {found}",
        None,
        f"line 4: {found}",
        None,
        f"line 6: {found}",
        None,
        f"line 8: {found}",
        f"line 10: {found}",
    ]
    assert table.column("b").to_pylist() == [None, 2, None, 4, None, 6, None, None]
    assert table.column("a").to_pylist()[3:6] == ["C:\\", None, r'{"a": "x\"y"}']
    assert table.column("source_text").to_pylist()[6] == "\n".join(lines[6:8])

    escaped = source.model_copy(update={"escape": "\\"})
    declared = read(tmp_path, "a,b\n" + "\n".join([*lines[:3], "D,4", *lines[4:5], *lines[6:]]) + last, escaped)
    assert declared.column("problem").null_count == 7
    assert declared.column("a").to_pylist() == ['say "hi" now', "A", '5"', "D", '5"', 'two\nlines "of" text', '"']


LINES = st.lists(
    st.sampled_from(
        [
            "a,b\n",
            '"a,",b\n',
            '"a""",b\r\n',
            "\n",
            "\r\n",
            ",\n",
            '"x\ny",z\n',
            "é,\n",
            "a\n",
            "a,b,c\n",
            'x"y,\n',
            '"q"q,\n',
        ]
    )
).map("".join)


@settings(max_examples=400)
@given(TRICKY | LINES)
@example('a,"b\n\n')
@example(',"')
def test_both_ways_through_the_text_agree(text: str) -> None:
    def outcome(way: Callable[..., Records]) -> object:
        try:
            records = way(Path("loans.csv"), text.encode(), Body(0, 1), ["x", "y"], DIALECT)
        except DeliveryRefused as refused:
            return str(refused)
        rows = [records.columns[name].to_pylist() for name in ("x", "y")]
        return rows, records.lines.tolist(), records.problems, [records.text_of(at) for at in range(len(rows[0]))]

    assert outcome(read_records) == outcome(_parse_singly)


def test_the_real_tables_are_read_whole_and_exactly(real_data: Callable[[str], Path]) -> None:
    for system in ("loan_default", "loan_eligibility", "traffic_accidents"):
        for path in sorted(real_data(system).glob("*.csv")):
            lines = path.read_text(encoding="utf-8").splitlines()
            header = next(csv.reader(lines))
            table = CsvSource(columns=tuple(header), missing=()).read(path)
            assert table.column("problem").null_count == table.num_rows == len(lines) - 1
            rows = list(csv.reader(lines[1:20_001]))
            for at in (0, len(header) - 1):
                assert table.column(header[at])[:20_000].to_pylist() == [row[at] for row in rows]
