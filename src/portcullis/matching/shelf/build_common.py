"""Small things that building a register needs in several places."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from portcullis.matching.direct import beginnings, fingerprints, in_order
from portcullis.matching.hashing import Keys

__all__ = ["Table", "begin_of", "column_of", "index_of", "table_of"]

Table = tuple[str, pa.Table]


def table_of(columns: dict[str, npt.NDArray[Any]]) -> pa.Table:
    """Number columns as a table."""
    return pa.table({name: pa.array(values) for name, values in columns.items()})


def begin_of(each: npt.NDArray[Any]) -> npt.NDArray[np.uint32]:
    """Where each owner's rows begin, and where the last ends."""
    begin = np.zeros(len(each) + 1, np.uint32)
    np.cumsum(each, out=begin[1:])
    return begin


def column_of(table: pa.Table, name: str) -> npt.NDArray[Any]:
    """A number column of a table as an array."""
    return np.asarray(table[name].combine_chunks())


def index_of(name: str, keys: Keys, *, once: bool = False) -> Iterator[Table]:
    """Row and fingerprint in the order of the keys, and where the buckets begin; with `once` only the first row of each key."""
    order, live = in_order(keys)
    order = order[:live]
    ordered = keys[order]
    if once and live:
        first = np.append(True, ordered[1:] != ordered[:-1])
        order, ordered = order[first], ordered[first]
    yield name, table_of({"row": order.astype(np.uint32), "fingerprint": fingerprints(ordered)})
    yield f"{name}_begin", table_of({"begin": beginnings(ordered)})
