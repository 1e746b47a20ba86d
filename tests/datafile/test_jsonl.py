"""JSON Lines: one object a line, nothing twice, nothing guessed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portcullis.datafile import Limits, read
from portcullis.errors import Refused
from portcullis.model import DATA_COLUMNS

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


def rows_of(path: Path, *, strict: bool = True, limits: Limits | None = None) -> list[dict[str, object]]:
    return [row for batch in read(path, strict=strict, limits=limits or Limits()) for row in batch.to_pylist()]


def written(folder: Path, content: bytes) -> Path:
    path = folder / "data.jsonl"
    path.write_bytes(content)
    return path


def refusal(folder: Path, content: bytes, **more: object) -> str:
    with pytest.raises(Refused) as raised:
        rows_of(written(folder, content), **more)  # type: ignore[arg-type]
    assert "CANARY" not in str(raised.value) and raised.value.__cause__ is None
    return str(raised.value)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.dictionaries(st.sampled_from(DATA_COLUMNS), TEXT | st.none(), min_size=1), min_size=1, max_size=6),
    escape=st.booleans(),
)
def test_rows_come_back_to_the_letter(tmp_path: Path, rows: list[dict[str, str | None]], escape: bool) -> None:
    content = "".join(json.dumps(row, ensure_ascii=escape) + "\n" for row in rows).encode()
    back = rows_of(written(tmp_path, content))
    assert [{name: row[name] for name in DATA_COLUMNS} for row in back] == [
        {name: row.get(name) or None for name in DATA_COLUMNS} for row in rows
    ]


def test_numbers_truth_values_and_elements_become_text(tmp_path: Path) -> None:
    line = b'\xef\xbb\xbf{"unit": 4, "order_stayed": false, "elements": {"b": 1, "a": {"x": 1.5}}, "city": null}\r\n\n'
    row = rows_of(written(tmp_path, line.replace(b"1.5", b"2")))[0]
    assert (row["unit"], row["order_stayed"], row["elements"], row["city"]) == ("4", "false", '{"a":{"x":2},"b":1}', None)


def test_a_member_named_twice_is_refused(tmp_path: Path) -> None:
    assert "Row 2 names a member twice" in refusal(tmp_path, b'{"city":"a"}\n{"city":"CANARY","city":"b"}\n')
    assert "Row 1 names a member twice" in refusal(tmp_path, b'{"elements":{"a":1,"a":2}}\n')


@pytest.mark.parametrize(
    "line",
    [
        b'"CANARY"',
        b'["CANARY"]',
        b'{"city":"CANARY"',
        b"CANARY",
        b'{"city":"CANARY"}{}',
        b'{"city":NaN}',
        b'{"city":1.0}',
        b'{"city":"\xff"}',
        b"{'city':1}",
    ],
)
def test_what_is_no_strict_object_is_refused_with_its_row(tmp_path: Path, line: bytes) -> None:
    assert "Row 2" in refusal(tmp_path, b'{"city":"a"}\n' + line + b"\n")


@pytest.mark.parametrize("value", [b'["CANARY"]', b'{"a":"CANARY"}'])
def test_only_elements_may_be_an_object(tmp_path: Path, value: bytes) -> None:
    assert "member reason of row 1" in refusal(tmp_path, b'{"reason":' + value + b"}\n")
    assert "member elements of row 1" in refusal(tmp_path, b'{"elements":["CANARY"]}\n')


def test_a_number_that_may_have_lost_its_zeros_is_refused(tmp_path: Path) -> None:
    assert "taxpayer_number" in refusal(tmp_path, b'{"taxpayer_number":123456789}\n')


def test_deep_nesting_and_endless_lines_are_refused(tmp_path: Path) -> None:
    refusal(tmp_path, b'{"elements":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}\n")
    refusal(tmp_path, b'{"city":"' + b"CANARY" * 2_000_000)
    refusal(tmp_path, b'{"unit":' + b"1" * 100_000 + b"}\n")
    assert "too long" in refusal(tmp_path, b'{"reason":"' + b"x" * 70_000 + b'"}\n')


def test_half_a_character_and_nul_are_refused(tmp_path: Path) -> None:
    refusal(tmp_path, b'{"city":"CANARY\\ud800"}\n')
    refusal(tmp_path, b'{"elements":{"a":"CANARY\\udc00"}}\n')
    assert "NUL" in refusal(tmp_path, b'{"city":"CANARY\\u0000"}\n')


def test_an_unknown_member_is_refused_or_left_out(tmp_path: Path) -> None:
    assert "'famly_name'" in refusal(tmp_path, b'{"city":"CANARY","famly_name":"CANARY"}\n')
    assert rows_of(written(tmp_path, b'{"city":"a","income":[1]}\n'), strict=False)[0]["city"] == "a"
    refusal(tmp_path, b'{"CANARY":1}\n')


def test_an_empty_file_is_refused_strictly_and_empty_leniently(tmp_path: Path) -> None:
    refusal(tmp_path, b"")
    assert rows_of(written(tmp_path, b"\n"), strict=False) == []


def test_the_way_to_the_file_is_checked(tmp_path: Path) -> None:
    for name in ("data.xlsx", "data", "data.csv.gz"):
        (tmp_path / name).write_bytes(b"city\nx\n")
        with pytest.raises(Refused, match="unknown ending"):
            rows_of(tmp_path / name)
    with pytest.raises(Refused, match="cannot be opened"):
        rows_of(tmp_path / "absent.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(Refused):
        rows_of(tmp_path / "folder.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(Refused, match="ordinary file"):
        rows_of(tmp_path / "pipe.csv")
    with pytest.raises(Refused, match="ordinary file"):
        rows_of(written(tmp_path, b'{"city":"a"}\n'), limits=Limits(file_bytes=5))
