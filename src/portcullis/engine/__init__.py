"""Private places to work in while a batch is computed."""

from __future__ import annotations

from portcullis.engine.workdir import sweep, workdir

__all__ = ["sweep", "workdir"]
