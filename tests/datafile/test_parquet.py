"""Parquet: looked at before it is unpacked, and read as text."""

from __future__ import annotations

import datetime
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow.parquet import encryption

from portcullis.datafile import Limits, read
from portcullis.errors import Refused


def rows_of(path: Path, *, strict: bool = True, limits: Limits | None = None) -> list[dict[str, object]]:
    return [row for batch in read(path, strict=strict, limits=limits or Limits()) for row in batch.to_pylist()]


def written(folder: Path, columns: dict[str, object], **more: object) -> Path:
    path = folder / "data.parquet"
    pq.write_table(pa.table(columns), path, **more)
    return path


def refusal(path: Path, **more: object) -> str:
    with pytest.raises(Refused) as raised:
        rows_of(path, **more)  # type: ignore[arg-type]
    assert "CANARY" not in str(raised.value) and raised.value.__cause__ is None
    return str(raised.value)


def test_rows_come_out_as_text(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        {
            "family_name": ["Okonkwo", None, ""],
            "date_of_birth": [datetime.date(1980, 1, 2), None, datetime.date(1999, 12, 31)],
            "order_stayed": [True, False, None],
            "unit": [4, None, 12],
            "city": pa.array(["Springfield", "Salem", None], pa.large_string()),
            "state": pa.array(["IL", "IL", "OR"]).dictionary_encode(),
            "suffix": pa.nulls(3),
        },
    )
    first, second, third = rows_of(path)
    assert (first["ordinal"], first["family_name"], first["date_of_birth"], first["order_stayed"], first["unit"]) == (
        1,
        "Okonkwo",
        "1980-01-02",
        "true",
        "4",
    )
    assert (second["family_name"], second["order_stayed"], second["state"]) == (None, "false", "IL")
    assert (third["family_name"], third["city"], third["suffix"], third["unit"]) == (None, None, None, "12")


def test_several_row_groups_keep_one_count(tmp_path: Path) -> None:
    path = written(tmp_path, {"city": [f"c{n}" for n in range(40_000)]}, row_group_size=7_000)
    rows = rows_of(path)
    assert [row["ordinal"] for row in rows] == list(range(1, 40_001)) and rows[-1]["city"] == "c39999"


def test_unknown_and_double_columns_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, {"city": ["CANARY"], "__index_level_0__": [0], "famly_name": ["CANARY"]})
    assert "index" in refusal(path) or "Column 2" in refusal(path)
    assert rows_of(path, strict=False)[0]["city"] == "CANARY"
    pq.write_table(pa.Table.from_arrays([pa.array(["CANARY"]), pa.array(["b"])], names=["city", "city"]), path)
    assert "2 times" in refusal(path)


@pytest.mark.parametrize(
    "column",
    [
        pa.array([["CANARY"]]),
        pa.array([{"a": "CANARY"}]),
        pa.array([1.5]),
        pa.array([datetime.datetime(2025, 1, 1)]),
        pa.array([b"CANARY"]),
        pa.array([[("CANARY", "b")]], pa.map_(pa.string(), pa.string())),
        pa.array([b"CANARY"]).dictionary_encode(),
    ],
)
def test_a_column_that_is_not_plain_is_refused_by_name_and_type(tmp_path: Path, column: pa.Array) -> None:
    assert "column city has the type" in refusal(written(tmp_path, {"city": column}))
    assert rows_of(written(tmp_path, {"city": ["ok"], "income": column}), strict=False)[0]["city"] == "ok"


@pytest.mark.parametrize("name", ["taxpayer_number", "postal_code"])
def test_a_number_that_may_have_lost_its_zeros_is_refused(tmp_path: Path, name: str) -> None:
    assert "Leading zeros" in refusal(written(tmp_path, {name: [123456789]}))
    assert rows_of(written(tmp_path, {name: ["000123456"]}))[0][name] == "000123456"


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    """Parquet itself does not look whether a text is UTF-8."""
    broken = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\x08\0\0\0"), pa.py_buffer(b"CANARY\xff\xfe")])
    assert "UTF-8" in refusal(written(tmp_path, {"city": broken}))
    assert "NUL" in refusal(written(tmp_path, {"city": ["CANARY\0"]}))


def test_a_few_bytes_that_unpack_to_very_many_are_refused_before_they_do(tmp_path: Path) -> None:
    value = "x" * 60_000
    path = written(
        tmp_path, {"reason": pa.DictionaryArray.from_arrays(pa.array([0] * 400_000, pa.int32()), pa.array([value]))}, compression="zstd"
    )
    assert path.stat().st_size < 100_000
    # A process starts with the ru_maxrss of the one that forked it, so Linux is asked for this program's own peak.
    code = (
        "import sys, pathlib\n"
        "def peak():\n"
        "    status = pathlib.Path('/proc/self/status')\n"
        "    return int(status.read_text().split('VmHWM:')[1].split()[0]) if status.exists() else 0\n"
        "from portcullis.datafile import read\n"
        "from portcullis.errors import Refused\n"
        "try:\n    [b.num_rows for b in read(pathlib.Path(sys.argv[1]))]\n"
        "except Refused as refused:\n"
        "    print('refused', 'unpack' in str(refused), peak() // 1024)\n"
    )
    said = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True).stdout.split()
    assert said[:2] == ["refused", "True"] and int(said[2]) < 700


def test_what_the_footer_states_is_held_against_the_limits(tmp_path: Path) -> None:
    path = written(tmp_path, {"city": ["a"] * 1000, "reason": [f"{n:0100d}" for n in range(1000)]}, compression="zstd")
    assert "too many rows" in refusal(path, limits=Limits(rows=999))
    assert "unpacks to too much" in refusal(path, limits=Limits(uncompressed_bytes=10_000))
    assert len(rows_of(path, limits=Limits(rows=1000, uncompressed_bytes=1_000_000))) == 1000


def test_a_billion_empty_rows_are_refused_by_their_number(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    column = pa.nulls(1_000_000, pa.string())
    with pq.ParquetWriter(path, pa.schema([("city", pa.string())]), compression="zstd") as writer:
        for _ in range(12):
            writer.write_batch(pa.record_batch([column], ["city"]))
    assert path.stat().st_size < 100_000
    assert "too many rows" in refusal(path)


def test_a_value_that_is_too_long_is_refused_with_its_row(tmp_path: Path) -> None:
    assert "Row 2 has a value in reason" in refusal(written(tmp_path, {"reason": ["a", "x" * 70_000]}))


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1PAR1", b"PAR1" + b"\0" * 100 + b"PAR1", b"PAR1\xff\xff\xff\xffPAR1", b"city\nx\n"])
def test_what_is_no_parquet_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "data.parquet").write_bytes(content)
    assert "not a whole Parquet file" in refusal(tmp_path / "data.parquet")


def test_an_encrypted_file_is_refused(tmp_path: Path) -> None:
    pq.write_table(
        pa.table({"city": ["CANARY"]}), tmp_path / "data.parquet", encryption_properties=encryption.create_encryption_properties(b"k" * 32)
    )
    assert "not a whole Parquet file" in refusal(tmp_path / "data.parquet")


def test_flipped_and_truncated_files_give_rows_or_a_refusal_and_nothing_else(tmp_path: Path) -> None:
    """In a process of its own: a damaged file must not take the gateway down either."""
    path = written(tmp_path, {"city": ["CANARY-a", "b", None] * 50, "state": ["IL"] * 150}, compression="zstd")
    code = (
        "import pathlib, random, sys\n"
        "from portcullis.datafile import read\n"
        "from portcullis.errors import Refused\n"
        "path, rng = pathlib.Path(sys.argv[1]), random.Random(7)\n"
        "raw = path.read_bytes()\n"
        "refused = 0\n"
        "for trial in range(600):\n"
        "    bad = bytearray(raw)\n"
        "    if trial % 4:\n"
        "        bad[rng.randrange(len(bad))] ^= 1 << rng.randrange(8)\n"
        "    else:\n"
        "        bad = bad[:rng.randrange(len(bad))]\n"
        "    path.write_bytes(bad)\n"
        "    try:\n"
        "        [batch.num_rows for batch in read(path)]\n"
        "    except Refused as error:\n"
        "        assert 'CANARY' not in str(error)\n"
        "        refused += 1\n"
        "print('done', refused > 150)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout.split() == ["done", "True"], done.stderr[-500:]
