"""The file root: the same for the same rows in any format, another for any change, and telling nothing."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from portcullis.datafile import SCHEMA, FileRoot, canonical_row, canonical_rows, file_root, new_salts, read, read_salts, sealed_root
from portcullis.errors import Refused
from portcullis.model import DATA_COLUMNS

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
ROWS = st.lists(st.dictionaries(st.sampled_from(DATA_COLUMNS), TEXT, max_size=5), min_size=1, max_size=8)


def batch_of(rows: list[dict[str, str]]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([{"ordinal": n, **row} for n, row in enumerate(rows, start=1)], schema=SCHEMA)


def obvious_root(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, as it is written there."""
    if len(leaves) == 0:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + obvious_root(leaves[:k]) + obvious_root(leaves[k:])).digest()


@given(ROWS)
def test_a_row_is_rfc_8785_json_of_what_it_states(rows: list[dict[str, str]]) -> None:
    for row in rows:
        assert canonical_row({**dict.fromkeys(DATA_COLUMNS), **row}) == rfc8785.dumps(row)


@given(ROWS)
@example([{}, {"request_id": "0"}, {}])
@example([{"city": "{,"}])
def test_the_fast_way_gives_the_same_bytes(rows: list[dict[str, str]]) -> None:
    batch = batch_of(rows)
    assert canonical_rows(batch) == [canonical_row(row) for row in rows]
    assert canonical_rows(batch.slice(len(rows) // 2)) == [canonical_row(row) for row in rows[len(rows) // 2 :]]


@given(st.lists(st.binary(max_size=10), max_size=40), st.randoms())
def test_the_root_is_that_of_rfc_6962_over_salted_rows(rows: list[bytes], random: object) -> None:
    salts = new_salts(len(rows), random.randbytes)  # type: ignore[attr-defined]
    assert file_root(rows, salts) == obvious_root([salts[32 * n : 32 * n + 32] + row for n, row in enumerate(rows)])


def test_the_root_of_sealed_answers_is_that_of_rfc_6962_over_their_hashes() -> None:
    answers = [f"answer-{n}" for n in range(7)]
    assert sealed_root(answers) == obvious_root([hashlib.sha256(answer.encode()).digest() for answer in answers])
    assert sealed_root([]) == hashlib.sha256(b"").digest()


def test_the_same_rows_in_any_format_have_one_root(tmp_path: Path) -> None:
    rows = [{"city": f'Spr\tingfield "{n}"', "reason": "a\\b\n" * (n % 2)} for n in range(1, 60)]
    with (tmp_path / "data.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["reason", "city"])
        writer.writeheader()
        writer.writerows(rows)
    (tmp_path / "data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "data.parquet")
    salts, roots = new_salts(len(rows)), set()
    for name in ("data.csv", "data.jsonl", "data.parquet"):
        root = FileRoot(salts)
        for batch in read(tmp_path / name):
            root.update(batch)
        assert root.rows == len(rows)
        roots.add(root.digest())
    assert len(roots) == 1


@given(st.data())
def test_any_change_gives_another_root(data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.binary(min_size=1, max_size=6), min_size=2, max_size=9, unique=True))
    salts = bytes(range(32)) * len(rows)
    root = file_root(rows, salts)
    n = data.draw(st.integers(0, len(rows) - 2))
    swapped = [*rows[:n], rows[n + 1], rows[n], *rows[n + 2 :]]
    assert file_root(swapped, salts) != root
    assert file_root(rows[:n] + rows[n + 1 :], salts[32:]) != root
    assert file_root([*rows[:n], rows[n] + b"x", *rows[n + 1 :]], salts) != root
    flipped = bytearray(salts)
    flipped[data.draw(st.integers(0, len(salts) - 1))] ^= 1
    assert file_root(rows, bytes(flipped)) != root


def test_a_guessed_one_row_file_is_not_confirmed_by_its_root() -> None:
    """Without a salt, whoever sees the root could try names until it fits."""
    row = canonical_row({"family_name": "Okonkwo"})
    first, second = file_root([row], new_salts(1)), file_root([row], new_salts(1))
    assert first != second
    assert first not in {hashlib.sha256(b"\0" + row).digest(), hashlib.sha256(row).digest(), file_root([row], bytes(32))}


@pytest.mark.parametrize("length", [0, 31, 63, 65, 96])
def test_salts_that_do_not_fit_are_refused(length: int, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="salts"):
        file_root([b"a", b"b"], bytes(length))
    (tmp_path / "salts.bin").write_bytes(bytes(length))
    with pytest.raises(Refused, match="salts"):
        read_salts(tmp_path / "salts.bin", 2)


def test_salts_that_fit_are_read(tmp_path: Path) -> None:
    salts = new_salts(2)
    (tmp_path / "salts.bin").write_bytes(salts)
    assert read_salts(tmp_path / "salts.bin", 2) == salts and len(salts) == 64
