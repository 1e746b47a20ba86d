"""DuckDB connections that reach nothing but what they are given.

1. Memory is limited; what does not fit is spilled, in plain text, into a private directory (see `workdir`). DuckDB 2.0 can
   encrypt what it spills only with an extension from the network.
2. No files, no attached databases, no extensions: tables come in with `register(name, arrow_table)`, and SQL cannot name a
   Python variable. `readable` opens named folders or files, for loading a register.
3. The configuration is locked, so no statement can undo this.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from portcullis.engine.workdir import overwrite, workdir

__all__ = ["connect", "session"]

_CLOSED: dict[str, str | int | float | list[str]] = {
    "autoload_known_extensions": False,
    "autoinstall_known_extensions": False,
    "allow_community_extensions": False,
    "allow_persistent_secrets": False,
    "python_enable_replacements": False,
}


def connect(
    temp_dir: Path, memory_limit: str = "2GB", *, threads: int | None = None, readable: Sequence[Path] = ()
) -> duckdb.DuckDBPyConnection:
    """A closed-off DuckDB in memory that spills into `temp_dir`, which the caller keeps private and empties; or use `session`.

    `threads` defaults to the number of processors. `readable` are the only files and folders it may open.
    """
    config = {**_CLOSED, "memory_limit": memory_limit, "temp_directory": str(temp_dir)}
    if threads is not None:
        config["threads"] = threads
    connection = duckdb.connect(":memory:", config=config)
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET allowed_directories = ?", [[str(one.resolve()) for one in readable if one.is_dir()]])
    connection.execute("SET allowed_paths = ?", [[str(one.resolve()) for one in readable if not one.is_dir()]])
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


@contextmanager
def session(
    temp_dir: Path, memory_limit: str = "2GB", *, threads: int | None = None, readable: Sequence[Path] = ()
) -> Iterator[duckdb.DuckDBPyConnection]:
    """`connect` with a private directory made inside `temp_dir`; whatever was spilled is overwritten and removed at the end."""
    with workdir(temp_dir) as private:
        connection = connect(private, memory_limit, threads=threads, readable=readable)
        try:
            yield connection
        finally:
            overwrite(private)  # first: closing removes the files, and their blocks would stay on the disk
            connection.close()
