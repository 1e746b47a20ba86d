"""What an evaluation reads: requests and truth, in the interface's columns or, through a mapping file, in the owner's."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.datafile import SCHEMA, read
from portcullis.errors import Refused
from portcullis.matching.source import read_mapping, read_table

__all__ = ["read_requests", "read_truth"]


def read_requests(path: Path, mapping: Path | None = None) -> pa.Table:
    """The requests of a file with `ordinal` from 1. Raises Refused when it cannot be read or two rows have one request_id."""
    columns = read_mapping(mapping)
    if "requests" in columns:
        table = read_table(duckdb.connect(), path, "requests", columns)
        table = table.add_column(0, "ordinal", pa.array(np.arange(1, table.num_rows + 1, dtype=np.int64)))
    else:
        table = pa.Table.from_batches(read(path, strict=False), SCHEMA)
    if table["request_id"].null_count or pc.count_distinct(table["request_id"]).as_py() != table.num_rows:
        raise Refused("The requests do not have one request_id each.", "Truth is told by request_id.", "Number the rows apart.")
    return table


def read_truth(path: Path, mapping: Path | None = None) -> dict[str, str | None]:
    """`request_id` → `person_id`, None for somebody who is not on the register. Raises Refused when a request stands twice."""
    table = read_table(duckdb.connect(), path, "truth", read_mapping(mapping))
    ids, persons = (table[c].to_pylist() for c in ("request_id", "person_id"))
    truth = {str(i): p or None for i, p in zip(ids, persons, strict=True)}
    if len(truth) != len(ids):
        raise Refused("The truth file names a request twice.", "Which one holds cannot be told.", "Keep one row a request.")
    return truth
