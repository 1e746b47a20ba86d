"""Evidence files hold no plain value, and any change to one is seen."""

from __future__ import annotations

import base64
import hashlib
import os
import sys
import time
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from portcullis.crypto import new_data_key, read_parquet, read_parts, read_row, write_parquet
from portcullis.errors import OutOfOrder, Refused, Tampered

TABLE = pa.table({"ordinal": pa.array(range(3000), pa.int64()), "family_name": [f"CANARY-{n % 7}" for n in range(3000)]})


def test_a_table_comes_back_whole_or_by_column(tmp_path: Path) -> None:
    key = new_data_key()
    digest = write_parquet(tmp_path / "rows.parquet", TABLE, key)
    assert digest == hashlib.sha256((tmp_path / "rows.parquet").read_bytes()).hexdigest()
    assert read_parquet(tmp_path / "rows.parquet", key, expected_sha256=digest).equals(TABLE)
    assert read_parquet(tmp_path / "rows.parquet", key, ["ordinal"], expected_sha256=digest).column_names == ["ordinal"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["rows.parquet"]
    assert (tmp_path / "rows.parquet").stat().st_mode & 0o777 == 0o600


def test_a_stream_of_batches_is_written_as_the_table_is(tmp_path: Path) -> None:
    key = new_data_key()
    reader = pa.RecordBatchReader.from_batches(TABLE.schema, TABLE.to_batches(max_chunksize=500))
    digest = write_parquet(tmp_path / "rows.parquet", reader, key)
    assert read_parquet(tmp_path / "rows.parquet", key, expected_sha256=digest).equals(TABLE)


def test_neither_value_nor_column_name_stands_in_the_file(tmp_path: Path) -> None:
    write_parquet(tmp_path / "rows.parquet", TABLE, new_data_key())
    raw = (tmp_path / "rows.parquet").read_bytes()
    assert b"CANARY" not in raw and b"family_name" not in raw


def test_duckdb_reads_it_with_the_key_and_not_without(tmp_path: Path) -> None:
    key = bytes(range(32))
    write_parquet(tmp_path / "rows.parquet", TABLE, key)
    connection = duckdb.connect()
    with pytest.raises(duckdb.Error):
        connection.execute("SELECT count(*) FROM read_parquet(?)", [str(tmp_path / "rows.parquet")]).fetchall()

    connection.execute(f"PRAGMA add_parquet_key('batch', '{base64.b64encode(key).decode()}')")
    query = "SELECT count(*), max(ordinal) FROM read_parquet(?, encryption_config={footer_key: 'batch'})"
    assert connection.execute(query, [str(tmp_path / "rows.parquet")]).fetchall() == [(3000, 2999)]


def test_every_changed_byte_is_seen_even_in_a_column_not_read(tmp_path: Path) -> None:
    key, path = new_data_key(), tmp_path / "rows.parquet"
    digest = write_parquet(path, TABLE, key)
    raw = path.read_bytes()
    for at in range(0, len(raw), max(1, len(raw) // 200)):
        path.write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
        with pytest.raises(Tampered):
            read_parquet(path, key, ["ordinal"], expected_sha256=digest)
    path.write_bytes(raw[:-1])
    with pytest.raises(Tampered):
        read_parquet(path, key, expected_sha256=digest)
    path.write_bytes(raw)
    assert read_parquet(path, key, expected_sha256=digest).num_rows == 3000


def test_one_row_is_found_wherever_it_lies_and_a_changed_file_is_seen_at_the_next_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file whose hash was checked is not hashed again for every look; whatever changes it moves a time that cannot be set back."""
    key, path = new_data_key(), tmp_path / "rows.parquet"
    many = pa.table({"ordinal": pa.array(range(1, 9001), pa.int64()), "family_name": [f"CANARY-{n}" for n in range(1, 9001)]})
    digest = write_parquet(path, many, key)
    old = path.stat()

    def look(ordinal: int) -> dict[str, object]:
        return read_row(path, key, ordinal, lambda name: name != "ordinal", expected_sha256=digest)

    assert [look(n) for n in (1, 4096, 4097, 9000)] == [{"family_name": f"CANARY-{n}"} for n in (1, 4096, 4097, 9000)]
    assert (look(0), look(9001)) == ({}, {})
    monkeypatch.setattr(sys.modules["portcullis.crypto.evidence"], "_SETTLED", 0)
    time.sleep(0.02)  # so coarse are a file system's times
    assert look(5) == {"family_name": "CANARY-5"}
    raw = bytearray(path.read_bytes())
    raw[-40] ^= 1
    with path.open("r+b") as file:
        file.write(raw)
    os.utime(path, ns=(old.st_atime_ns, old.st_mtime_ns))
    with pytest.raises(Tampered, match="SHA-256"):
        look(5)


def test_a_file_is_read_a_part_at_a_time(tmp_path: Path) -> None:
    key, path = new_data_key(), tmp_path / "rows.parquet"
    digest = write_parquet(path, TABLE, key)
    assert pa.Table.from_batches(read_parts(path, key, expected_sha256=digest)).equals(TABLE.combine_chunks())
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(Tampered):
        list(read_parts(path, key, expected_sha256=digest))


def test_another_key_does_not_open_it(tmp_path: Path) -> None:
    digest = write_parquet(tmp_path / "rows.parquet", TABLE, new_data_key())
    with pytest.raises(Tampered):
        read_parquet(tmp_path / "rows.parquet", new_data_key(), expected_sha256=digest)


def test_a_plain_file_in_its_place_is_not_read(tmp_path: Path) -> None:

    pq.write_table(TABLE, tmp_path / "rows.parquet")
    digest = hashlib.sha256((tmp_path / "rows.parquet").read_bytes()).hexdigest()
    with pytest.raises(Tampered):
        read_parquet(tmp_path / "rows.parquet", new_data_key(), expected_sha256=digest)


def test_an_absent_file_and_a_short_key_are_told(tmp_path: Path) -> None:
    with pytest.raises(Refused):
        read_parquet(tmp_path / "rows.parquet", new_data_key(), expected_sha256="00")
    with pytest.raises(OutOfOrder):
        write_parquet(tmp_path / "rows.parquet", TABLE, b"short key of 16.")


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    key, path = new_data_key(), tmp_path / "rows.parquet"
    digest = write_parquet(path, TABLE, key)

    def broken() -> object:
        yield TABLE.to_batches()[0]
        raise RuntimeError("the disk went away")

    with pytest.raises(RuntimeError):
        write_parquet(path, pa.RecordBatchReader.from_batches(TABLE.schema, broken()), key)
    assert [entry.name for entry in tmp_path.iterdir()] == ["rows.parquet"]
    assert read_parquet(path, key, expected_sha256=digest).num_rows == 3000
