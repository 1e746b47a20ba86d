"""Where compiled rules and match plans run: DuckDB for batches, SQLite in memory for a single request."""

from __future__ import annotations

from portcullis.engine.duck import connect, session
from portcullis.engine.single import single
from portcullis.engine.workdir import sweep, workdir

__all__ = ["connect", "session", "single", "sweep", "workdir"]
