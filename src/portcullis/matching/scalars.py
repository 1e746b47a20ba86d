"""Values that columns are compared with and filled up by, made once: Arrow takes longer to make one of a Python value than to use it."""

from __future__ import annotations

import pyarrow as pa

__all__ = ["EMPTY", "FALSE", "FIRST", "NONE", "NO_CODE", "NO_NUMBER", "NO_YEAR", "ONE", "SPACE", "STREET", "TRUE", "ZERO", "ZERO_LENGTH"]

EMPTY, SPACE, STREET = pa.scalar("", pa.string()), pa.scalar(" ", pa.string()), pa.scalar("street", pa.string())
NONE = pa.scalar(None, pa.string())
TRUE, FALSE = pa.scalar(True), pa.scalar(False)
NO_CODE, NO_NUMBER, NO_YEAR = pa.scalar(-1, pa.int32()), pa.scalar(-1, pa.int64()), pa.scalar(-1, pa.int32())
ZERO, ZERO_LENGTH, ONE = pa.scalar(0, pa.int8()), pa.scalar(0, pa.int32()), pa.scalar(1, pa.int32())
FIRST = pa.scalar(0, pa.int64())
"""The first element of a list."""
