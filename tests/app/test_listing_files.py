"""Files of listings, whatever their bytes: every bad line is named, no good one is lost."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pmarket.listing_files import MAX_LINE_BYTES, BadLine, Row, format_of, read_rows
from protocol.errors import LocalError

SAMPLE = Path(__file__).parents[2] / "p2pmarket/sample/listings.jsonl"


def jsonl(content: bytes) -> list[Row | BadLine]:
    return list(read_rows(io.BytesIO(content), "jsonl"))


HEADER_REFUSALS = ("csv-not-utf8", "csv-header-missing", "csv-header-repeats")


def table(content: bytes) -> list[Row | BadLine]:
    return list(read_rows(io.BytesIO(content), "csv"))


def codes(rows: list[Row | BadLine]) -> dict[int, str]:
    return {row.line: row.error.code for row in rows if isinstance(row, BadLine)}


def titles(rows: list[Row | BadLine]) -> dict[int, object]:
    return {row.line: row.fields.get("title") for row in rows if isinstance(row, Row)}


def test_the_sample_is_read_whole() -> None:
    with SAMPLE.open("rb") as file:
        rows = list(read_rows(file, "jsonl"))
    assert len(rows) == 260
    assert codes(rows) == {}


def test_a_byte_order_mark_windows_line_ends_and_empty_lines_do_not_matter() -> None:
    rows = jsonl(b'\xef\xbb\xbf{"title": "a"}\r\n\r\n   \n{"title": "b"}')
    assert titles(rows) == {1: "a", 4: "b"}


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"no json", "line-not-json"),
        (b'{"title": NaN}', "line-not-json"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "line-not-json"),
        (b"[" * 20_000, "line-not-json"),
        (b'["a", "list"]', "line-not-object"),
        (b'"text"', "line-not-object"),
        (b'{"title": "\xff"}', "line-not-utf8"),
        (b"\x00\x01\x02\xfe\xff", "line-not-utf8"),
        (b'{"title": "' + b"x" * MAX_LINE_BYTES + b'"}', "line-too-long"),
    ],
    ids=[
        "words", "nan", "a huge number", "deep nesting", "a list", "a text", "latin-1",
        "binary", "too long",
    ],
)  # fmt: skip
def test_a_bad_line_is_named_and_its_neighbours_are_read(line: bytes, code: str) -> None:
    rows = jsonl(b'{"title": "before"}\n' + line + b'\n{"title": "after"}\n')
    assert codes(rows) == {2: code}
    assert titles(rows) == {1: "before", 3: "after"}


def test_a_line_of_many_megabytes_is_skipped_in_small_pieces() -> None:
    class Counting(io.BytesIO):
        largest = 0

        def readline(self, size: int | None = -1, /) -> bytes:
            line = super().readline(size)
            self.largest = max(self.largest, len(line))
            return line

    source = Counting(b"x" * (8 << 20) + b'\n{"title": "after"}\n')
    rows = list(read_rows(source, "jsonl"))
    assert codes(rows) == {1: "line-too-long"}
    assert titles(rows) == {2: "after"}
    assert source.largest <= MAX_LINE_BYTES + 2


def test_an_id_that_stands_twice_is_a_bad_line_the_second_time() -> None:
    rows = jsonl(b'{"id": "7", "title": "a"}\n{"id": 7, "title": "b"}\n{"title": "c"}\n')
    assert codes(rows) == {2: "line-repeats-id"}
    assert titles(rows) == {1: "a", 3: "c"}


@given(st.binary(max_size=400))
def test_any_bytes_give_rows_and_named_lines_as_json(content: bytes) -> None:
    lines = [row.line for row in jsonl(content)]
    assert lines == sorted(set(lines))


@given(st.binary(max_size=400), st.sampled_from([b"", b"title,kind\n", b'"title";kind\n']))
def test_any_bytes_give_rows_and_named_lines_as_csv(content: bytes, header: bytes) -> None:
    try:
        rows = table(header + content)
    except LocalError as error:
        assert error.code in HEADER_REFUSALS  # noqa: PT017
    else:
        assert all(row.line > 0 for row in rows)


@given(
    st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=20) | st.integers(), max_size=3))
)
def test_what_json_wrote_is_read_back(bodies: list[dict[str, object]]) -> None:
    content = "".join(json.dumps(body) + "\n" for body in bodies).encode()
    found = [row.fields for row in jsonl(content) if isinstance(row, Row)]
    repeated = len([row for row in jsonl(content) if isinstance(row, BadLine)])
    assert len(found) + repeated == len(bodies)
    assert all(fields in bodies for fields in found)


CELL = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), whitelist_characters='\n";,'), max_size=12
)


@given(st.lists(st.tuples(CELL, CELL), max_size=5), st.sampled_from([",", ";", "\t"]))
def test_what_csv_wrote_is_read_back(rows: list[tuple[str, str]], delimiter: str) -> None:
    written = io.StringIO()
    writer = csv.writer(written, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(["title", "kind"])
    writer.writerows(rows)
    found = [row for row in table(written.getvalue().encode()) if isinstance(row, Row)]
    assert [(row.fields.get("title", ""), row.fields.get("kind", "")) for row in found] == [
        (title if title.strip() else "", kind if kind.strip() else "")
        for title, kind in rows
        if title.strip() or kind.strip()
    ]


def test_german_columns_and_semicolons_are_understood() -> None:
    rows = table("Artikelnummer;Titel;Art;Preis;Schlagwörter\n7;Öl;verkaufen;3,50;a\n".encode())
    (row,) = rows
    assert isinstance(row, Row)
    assert row.fields == {
        "id": "7", "title": "Öl", "kind": "verkaufen", "price": "3,50", "tags": "a",
    }  # fmt: skip


def test_a_quoted_cell_may_hold_several_lines_and_the_line_number_is_its_first() -> None:
    rows = table(b'title,description\na,"one\ntwo"\nb,x\n')
    assert titles(rows) == {2: "a", 4: "b"}
    assert isinstance(rows[0], Row)
    assert rows[0].fields["description"] == "one\ntwo"


def test_a_quotation_mark_that_never_closes_costs_one_line() -> None:
    rows = table(b'title,kind\na,"give\nb,give\nc,give\n')
    assert codes(rows) == {2: "line-quote-open"}
    assert titles(rows) == {3: "b", 4: "c"}


def test_too_many_and_too_few_cells_are_named() -> None:
    assert codes(table(b"title,kind\na\nb,give,x\nc,give\n")) == {
        2: "line-columns",
        3: "line-columns",
    }


def test_bytes_that_are_not_utf8_cost_one_line() -> None:
    rows = table(b"title,kind\n" + "Öl,give\n".encode("latin-1") + b"b,give\n")
    assert codes(rows) == {2: "line-not-utf8"}
    assert titles(rows) == {3: "b"}


@pytest.mark.parametrize("content", [b"", b"\n\n", b"a,b\n1,2\n"])
def test_a_csv_file_without_column_names_is_refused(content: bytes) -> None:
    with pytest.raises(LocalError, match="csv-header-missing"):
        table(content)


def test_column_names_in_another_encoding_are_named_as_the_reason() -> None:
    with pytest.raises(LocalError, match="csv-not-utf8"):
        table("Titel;Art;Währung\nTisch;verkaufen;EUR\n".encode("cp1252"))


def test_a_column_that_stands_twice_is_refused() -> None:
    with pytest.raises(LocalError, match="csv-header-repeats"):
        table(b"title,Titel\na,b\n")


@pytest.mark.parametrize(
    ("name", "beginning", "form"),
    [
        ("a.csv", b"{", "csv"),
        ("a.JSONL", b"", "jsonl"),
        ("-", b'\xef\xbb\xbf {"id"', "jsonl"),
        ("-", b"title;kind", "csv"),
    ],
)
def test_the_format_is_told_by_the_name_or_else_by_the_beginning(
    name: str, beginning: bytes, form: str
) -> None:
    assert format_of(name, beginning) == form
