"""CSV: what a row says is kept to the letter; what a parser would have to guess is refused, and no refusal repeats a value."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from portcullis.datafile import Limits, neutral_cell, read, write_csv
from portcullis.errors import Refused
from portcullis.model import DATA_COLUMNS

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
QUICK = settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])


def rows_of(path: Path, *, strict: bool = True, limits: Limits | None = None) -> list[dict[str, object]]:
    return [row for batch in read(path, strict=strict, limits=limits or Limits()) for row in batch.to_pylist()]


def written(folder: Path, content: bytes) -> Path:
    path = folder / "data.csv"
    path.write_bytes(content)
    return path


def refusal(folder: Path, content: bytes, **more: object) -> str:
    with pytest.raises(Refused) as raised:
        rows_of(written(folder, content), **more)  # type: ignore[arg-type]
    assert raised.value.__cause__ is None or "CANARY" not in str(raised.value.__cause__)
    assert "CANARY" not in str(raised.value) and str(folder) not in str(raised.value)
    assert raised.value.next_step and raised.value.why
    return str(raised.value)


def test_a_row_comes_out_with_every_column_and_its_ordinal(tmp_path: Path) -> None:
    rows = rows_of(written(tmp_path, b'family_name,city\nOkonkwo,"Springfield, East"\n"O""Hara",\n'))
    assert [row["ordinal"] for row in rows] == [1, 2]
    assert list(rows[0]) == ["ordinal", *DATA_COLUMNS]
    assert rows[0]["family_name"] == "Okonkwo" and rows[0]["city"] == "Springfield, East"
    assert rows[1]["family_name"] == 'O"Hara' and rows[1]["city"] is None and rows[1]["state"] is None


def test_text_stays_as_written_to_the_letter(tmp_path: Path) -> None:
    rows = rows_of(written(tmp_path, '\ufefffamily_name,reason,taxpayer_number\n  Müller\t,"=cmd()|\nNA",000000001\n'.encode()))
    assert rows[0]["family_name"] == "  Müller\t"
    assert rows[0]["reason"] == "=cmd()|\nNA"
    assert rows[0]["taxpayer_number"] == "000000001"


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
def test_every_line_ending_and_a_last_line_without_one_are_read(tmp_path: Path, ending: bytes) -> None:
    content = ending.join([b"city,state", b"Springfield,IL", b"", b"Salem,OR"])
    assert [row["city"] for row in rows_of(written(tmp_path, content))] == ["Springfield", "Salem"]
    assert [row["city"] for row in rows_of(written(tmp_path, content + ending))] == ["Springfield", "Salem"]


@QUICK
@given(
    rows=st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=8),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    small=st.booleans(),
)
@example(rows=[('"', '""', ',"\n,'), ("\r\n", "a\n", '\n"')], quoting=csv.QUOTE_MINIMAL, small=True)
def test_whatever_a_csv_writer_writes_comes_back(tmp_path: Path, rows: list[tuple[str, str, str]], quoting: int, small: bool) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=quoting)  # type: ignore[arg-type]
    writer.writerow(["city", "reason", "unit"])
    writer.writerows(rows)
    limits = Limits(row_bytes=200) if small else Limits()
    back = rows_of(written(tmp_path, text.getvalue().encode()), limits=limits)
    assert [(row["city"], row["reason"], row["unit"]) for row in back] == [tuple(value or None for value in row) for row in rows]


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.text('a,"\n\r é', max_size=40), limit=st.sampled_from([8, 40, 4_000_000]))
def test_any_text_is_read_as_the_strict_standard_parser_reads_it_or_refused(tmp_path: Path, body: str, limit: int) -> None:
    path = written(tmp_path, b"city,unit\n" + body.encode())
    try:
        ours = [(row["city"], row["unit"]) for row in rows_of(path, strict=False, limits=Limits(row_bytes=limit))]
    except Refused as refused:
        assert "é" not in str(refused)
        return
    theirs = [row for row in csv.reader(io.StringIO(body, newline=""), strict=True) if row]
    assert ours == [tuple(value or None for value in row) for row in theirs]


def test_an_unknown_column_is_refused_by_name_with_the_nearest_right_one(tmp_path: Path) -> None:
    said = refusal(tmp_path, b"given_name,Family-Name\nCANARY,CANARY\n")
    assert "'Family-Name'" in said and "family_name" in said
    assert "'income'" in refusal(tmp_path, b"given_name,income\nCANARY,1\n")


def test_an_unknown_column_is_left_out_when_reading_leniently(tmp_path: Path) -> None:
    rows = rows_of(written(tmp_path, b"income,city,,\n1,Springfield,x,y\n"), strict=False)
    assert rows[0]["city"] == "Springfield" and "income" not in rows[0]


def test_a_file_without_a_header_does_not_put_a_person_into_the_error(tmp_path: Path) -> None:
    refusal(tmp_path, b"R-1,CANARY,1980-01-01,CANARY STREET\nR-2,CANARY,,\n")
    refusal(tmp_path, b"given_name,CANARY STREET 12345,city\n1,2,3\n")
    refusal(tmp_path, b"given_name;family_name\nCANARY;CANARY\n")


def test_a_column_named_twice_is_refused(tmp_path: Path) -> None:
    assert "city stands 2 times" in refusal(tmp_path, b"city,state,city\nCANARY,IL,Other\n")
    refusal(tmp_path, b"city,state,city\nCANARY,IL,Other\n", strict=False)


@pytest.mark.parametrize("row", [b"CANARY", b"CANARY,b,c", b'CANARY,"b",'])
def test_a_ragged_row_is_refused_with_its_number(tmp_path: Path, row: bytes) -> None:
    assert "Row 3 has" in refusal(tmp_path, b"city,unit\na,b\na,b\n" + row + b"\na,b\n")


@pytest.mark.parametrize(
    "row",
    [b'"CANARY"x,b', b'CANARY"x,b', b'"CANARY,b\n', b'a,"CANARY', b'a,"CANARY""', b'a,CANARY"', b'"CANARY" ,b', b' "CANARY",b'],
)
def test_a_quotation_mark_out_of_place_is_refused(tmp_path: Path, row: bytes) -> None:
    assert "near row 2" in refusal(tmp_path, b"city,unit\na,b\n" + row)


def test_a_truncated_file_is_not_taken_for_a_whole_one_where_that_can_be_seen(tmp_path: Path) -> None:
    """A lenient parser closes an open quotation mark by itself at the end of the file."""
    whole = b'city,reason\nSpringfield,"a long ""CANARY"" reason"\n'
    cuts = [cut for cut in range(whole.index(b'"') + 1, len(whole)) if whole[:cut].count(b'"') % 2]
    assert len(cuts) > 20
    for cut in cuts:
        refusal(tmp_path, whole[:cut])
    assert rows_of(written(tmp_path, whole))[0]["reason"] == 'a long "CANARY" reason'


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1", "cp1252", "utf-32-le"])
def test_another_encoding_is_refused(tmp_path: Path, encoding: str) -> None:
    refusal(tmp_path, "city,unit\nCANARYé,b\n".encode(encoding))


def test_nul_bytes_are_refused(tmp_path: Path) -> None:
    assert "NUL" in refusal(tmp_path, b"city,unit\na,b\nCANARY\0,b\n")
    assert "NUL" in refusal(tmp_path, b"city,un\0it\nCANARY,b\n")


def test_a_field_of_ten_megabytes_is_refused_and_one_within_the_limit_read(tmp_path: Path) -> None:
    refusal(tmp_path, b"city,unit\na," + b"x" * 10_000_000 + b"\n")
    refusal(tmp_path, b'city,unit\na,"' + b"x\n" * 5_000_000 + b'"\n')
    refusal(tmp_path, b"city,unit\n" + b"," * 10_000_000)
    assert "Row 1 has a value in unit" in refusal(tmp_path, b"city,unit\na," + b"x" * 65_537 + b"\n")
    assert len(str(rows_of(written(tmp_path, b"city,unit\na," + b"x" * 65_536 + b"\n"))[0]["unit"])) == 65_536


def test_too_many_rows_are_refused(tmp_path: Path) -> None:
    assert "too many rows" in refusal(tmp_path, b"city\n" + b"a\n" * 11, limits=Limits(rows=10))
    assert len(rows_of(written(tmp_path, b"city\n" + b"a\n" * 10), limits=Limits(rows=10))) == 10


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"\xef\xbb\xbf", b"city,unit\n", b"city,unit", b"\0" * 100, b"city,unit\n\n\n", b'"', b'city,"unit\n']
)
def test_an_empty_file_is_refused(tmp_path: Path, content: bytes) -> None:
    refusal(tmp_path, content)


def test_numbers_of_rows_go_on_across_blocks(tmp_path: Path) -> None:
    content = b"city,unit\n" + b"".join(b'"c\n%d",%d\n' % (n, n) for n in range(1, 2001))
    rows = rows_of(written(tmp_path, content), limits=Limits(row_bytes=64))
    assert [row["ordinal"] for row in rows] == list(range(1, 2001))
    assert rows[1234]["city"] == "c\n1235"
    assert "Row 1500 has" in refusal(tmp_path, content.replace(b",1500\n", b"\n"), limits=Limits(row_bytes=64)).replace("Row 1499 has", "")


@QUICK
@given(data=st.data())
def test_a_flipped_bit_gives_rows_or_a_refusal_and_nothing_else(tmp_path: Path, data: st.DataObject) -> None:
    raw = bytearray(b'city,reason,unit\nSpringfield,"a ""good"" reason",4\n' * 3)
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    try:
        rows_of(written(tmp_path, bytes(raw)))
    except Refused as refused:
        assert "Spring" not in str(refused)


def test_what_we_write_runs_in_no_spreadsheet(tmp_path: Path) -> None:
    for cell in ("=1+1", "+1", "-1", "@x", "\t=x", "\r=x", "＝1", "  =x"):
        assert neutral_cell(cell) == "'" + cell
    assert neutral_cell("12 Main St") == "12 Main St" and neutral_cell(None) == ""
    with (tmp_path / "out.csv").open("w", newline="") as file:
        write_csv(file, ["city"], [["=HYPERLINK(1)"], ["Springfield"]])
    assert (tmp_path / "out.csv").read_text() == "city\n'=HYPERLINK(1)\nSpringfield\n"
