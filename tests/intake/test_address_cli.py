"""`portcullis address check` on every file format: one JSON line per row, parts, and nothing personal outside standard output."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from address_samples import COLUMNS, LISTS, free, line, standard, table
from portcullis.cli.address import app
from portcullis.errors import Refused

ROWS = [
    line("123 N Main St", "Apt 4"),
    line("Unknown Address"),
    line("Cook County Jail, 2700 S California Ave"),
    free("PO Box 9, Nome AK 99762"),
]


def _check(path: Path) -> list[dict[str, object]]:
    result = CliRunner().invoke(app, ["check", "--file", str(path), "--json"], catch_exceptions=False)
    assert result.exit_code == 0
    return [json.loads(text) for text in result.stdout.splitlines()]


def _write(path: Path) -> Path:
    found = table(ROWS).append_column("shoe_size", pa.array(["9"] * len(ROWS)))
    if path.suffix == ".parquet":
        pq.write_table(found, path)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in found.to_pylist()), encoding="utf-8")
    else:
        names = [*COLUMNS, "shoe_size"]
        body = [",".join(names)]
        body += [",".join('"' + (row[name] or "") + '"' for name in names) for row in found.to_pylist()]
        path.write_text("\n".join(body) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl"])
def test_one_line_per_row_whatever_the_format(tmp_path: Path, suffix: str) -> None:
    lines = _check(_write(tmp_path / f"file.{suffix}"))
    assert [row["row"] for row in lines] == [1, 2, 3, 4]
    assert [row["genuine"] for row in lines] == [True, False, None, True]
    assert [row["reason"] for row in lines] == [None, "P-ADDR-PLACEHOLDER", "P-ADDR-INSTITUTION", None]
    assert lines[0]["parts"] == {
        "number": "123",
        "street": "N MAIN ST",
        "unit": "APT 4",
        "city": "SPRINGFIELD",
        "state": "IL",
        "postal_code": "62704",
    }
    assert lines[3]["parts"] == {"number": "9", "street": "PO BOX", "unit": None, "city": "NOME", "state": "AK", "postal_code": "99762"}


def test_the_command_and_the_library_say_the_same(tmp_path: Path) -> None:
    lines = _check(LISTS / "deficient.csv")
    assert not any(row["genuine"] for row in lines)
    alone = standard(*ROWS)
    assert [row["reason"] for row in _check(_write(tmp_path / "file.csv"))] == [row["reason"] for row in alone]


def test_without_json_the_rows_are_for_people_and_show_no_address(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["check", "--file", str(_write(tmp_path / "file.csv"))])
    assert result.exit_code == 0
    assert "1\tgenuine" in result.stdout
    assert "a person decides\tP-ADDR-INSTITUTION" in result.stdout
    assert "Main" not in result.output


def test_an_unreadable_file_is_refused_without_its_content(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_text("742 CANARY TERRACE", encoding="utf-8")
    result = CliRunner().invoke(app, ["check", "--file", str(path), "--json"])
    assert isinstance(result.exception, Refused)
    assert "CANARY" not in str(result.exception) + result.output
