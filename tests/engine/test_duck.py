"""DuckDB closed off: it computes over what it is given, reaches nothing else, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from portcullis.engine import connect, session, single, sweep, workdir
from portcullis.engine.workdir import overwrite

CANARY = "canary-Quackenbush"


def spill(con: duckdb.DuckDBPyConnection, rows: int = 1_000_000) -> None:
    """Make it write to its temporary directory."""
    con.register("people", pa.table({"name": [f"{CANARY}-{i:09d}" for i in range(rows)]}))
    con.execute("CREATE TABLE kept AS SELECT name || repeat('x', 60) AS name, hash(name) AS h FROM people")


def canaries(folder: Path) -> int:
    return sum(path.read_bytes().count(CANARY.encode()) for path in folder.rglob("*") if path.is_file())


def test_it_computes_over_a_table_it_was_given(tmp_path: Path) -> None:
    with session(tmp_path) as con:
        con.register("t", pa.table({"n": [1, 2, None]}))
        assert con.execute("SELECT sum(n), count(*) FROM t").fetchone() == (3, 3)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_csv('{secret}')",
        "SELECT * FROM read_text('{secret}')",
        "COPY (SELECT 1) TO '{folder}/out.csv'",
        "ATTACH '{folder}/other.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET memory_limit = '64GB'",
        "SET temp_directory = '/'",
        "SELECT * FROM own_variable",
    ],
)
def test_it_reaches_no_file_no_extension_no_variable_and_not_its_own_limits(tmp_path: Path, statement: str) -> None:
    own_variable = pa.table({"n": [1]})
    assert own_variable.num_rows == 1
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    with session(tmp_path / "tmp") as con, pytest.raises(duckdb.Error):
        con.execute(statement.format(secret=secret, folder=tmp_path))


def test_it_reads_the_folder_and_the_file_it_was_allowed_and_not_their_neighbours(tmp_path: Path) -> None:
    for name in ("allowed/a.csv", "b.csv", "c.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("n\n7\n")
    with session(tmp_path / "tmp", readable=[tmp_path / "allowed", tmp_path / "b.csv"]) as con:
        for name in ("allowed/a.csv", "b.csv"):
            assert con.execute("SELECT n FROM read_csv(?)", [str(tmp_path / name)]).fetchall() == [(7,)]
        for name in ("c.csv", "allowed/../c.csv"):
            with pytest.raises(duckdb.PermissionException):
                con.execute("SELECT n FROM read_csv(?)", [str(tmp_path / name)])


def test_what_it_spills_stays_in_a_private_directory_and_is_gone_afterwards(tmp_path: Path) -> None:
    with session(tmp_path, "48MB") as con:
        spill(con)
        assert canaries(tmp_path) > 0, "it must have spilled"
        assert [path.stat().st_mode & 0o777 for path in tmp_path.iterdir()] == [0o700]
        assert con.execute("SELECT count(DISTINCT name) FROM kept").fetchone() == (1_000_000,)
    assert list(tmp_path.iterdir()) == []


def test_what_it_spilled_is_overwritten_before_it_is_removed(tmp_path: Path) -> None:
    """A file opened before the end still shows what the disk will keep."""
    with session(tmp_path, "48MB") as con:
        spill(con)
        held = [path.open("rb") for path in tmp_path.rglob("duckdb_temp*") if path.stat().st_size]
    assert held
    assert all(CANARY.encode() not in file.read() for file in held)


def test_it_is_emptied_when_the_work_fails(tmp_path: Path) -> None:
    with pytest.raises(duckdb.Error), session(tmp_path, "48MB") as con:
        spill(con)
        con.execute("SELECT no_such_column FROM kept")
    assert list(tmp_path.iterdir()) == []


def test_memory_and_threads_are_as_asked(tmp_path: Path) -> None:
    con = connect(tmp_path, "64MB", threads=1)
    found = con.execute("SELECT current_setting('threads'), current_setting('memory_limit'), current_setting('TimeZone')").fetchone()
    con.close()
    assert found == (1, "61.0 MiB", "UTC")


LEFT = """
import os, signal, sys
from pathlib import Path
from portcullis.engine import workdir
with workdir(Path(sys.argv[1])) as folder:
    (folder / "rows").write_bytes(b"canary-Quackenbush")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_run_left_is_swept_and_what_another_is_using_is_not(tmp_path: Path) -> None:
    assert subprocess.run([sys.executable, "-c", LEFT, str(tmp_path)], check=False).returncode == -signal.SIGKILL
    assert canaries(tmp_path) == 1
    with workdir(tmp_path) as mine:
        (mine / "rows").write_bytes(b"in use")
        assert sweep(tmp_path) == 1
        assert [path.name for path in tmp_path.iterdir()] == [mine.name]
        assert (mine / "rows").read_bytes() == b"in use"
    assert sweep(tmp_path) == 0
    assert sweep(tmp_path / "absent") == 0


def test_overwriting_follows_no_link_out_of_the_directory(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"keep me")
    with workdir(tmp_path / "tmp") as folder:
        os.symlink(outside, folder / "link")
        (folder / "rows").write_bytes(CANARY.encode())
        overwrite(folder)
        assert (folder / "rows").read_bytes() == bytes(len(CANARY))
    assert outside.read_bytes() == b"keep me"


def test_a_single_request_runs_in_memory_and_nowhere_else(tmp_path: Path) -> None:
    with single() as con:
        assert con.execute("SELECT ? + 1", (41,)).fetchone() == (42,)
        with pytest.raises(Exception, match="attached"):
            con.execute("ATTACH ? AS other", (str(tmp_path / "other.db"),))
    assert list(tmp_path.iterdir()) == []
