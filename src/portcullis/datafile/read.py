"""Reading a data file: which format it is, and what all formats share."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from portcullis.datafile.columns import refused
from portcullis.datafile.csv_file import read_csv
from portcullis.datafile.jsonl_file import read_jsonl
from portcullis.datafile.limits import DEFAULT, Limits
from portcullis.datafile.parquet_file import read_parquet

__all__ = ["SUFFIXES", "open_plain", "read"]

Reader = Callable[..., Iterator[pa.RecordBatch]]
_READERS: dict[str, Reader] = {".csv": read_csv, ".parquet": read_parquet, ".jsonl": read_jsonl, ".ndjson": read_jsonl}
SUFFIXES = tuple(_READERS)
"""What a data file's name may end in."""


def read(path: Path, *, strict: bool = True, limits: Limits = DEFAULT) -> Iterator[pa.RecordBatch]:
    """The rows of the data file at `path` as record batches of `columns.SCHEMA`: `ordinal` int64 from 1, and all DATA_COLUMNS as text.

    `strict` refuses unknown columns and a file without rows; otherwise unknown columns are left out. Memory is bounded by the
    limits and not by the file. Raises Refused, at once for what can be seen at once, else while iterating; never with a value.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise refused(
            "The data file has an unknown ending.", "Its name does not end in " + ", ".join(SUFFIXES) + ".", "Rename it, or write it anew."
        )
    return _rows(open_plain(path, limits), reader, limits, strict=strict)


def open_plain(path: Path, limits: Limits = DEFAULT, *, links: bool = True) -> BinaryIO:
    """Open an ordinary file within the size limit. Raises Refused; a pipe or device is refused, not waited for.

    Without `links` a link is refused too: what another agency sent must not reach outside its folder.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if links else os.O_NOFOLLOW))
    except OSError as error:
        why = "It is a link." if error.errno == errno.ELOOP else f"{error.strerror}."
        raise refused("The file cannot be opened.", why, "Name an existing file that you may read.") from error
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_size > limits.file_bytes:
        os.close(descriptor)
        raise refused(
            "The file cannot be read.", f"It is not an ordinary file of at most {limits.file_bytes} bytes.", "Name the file itself."
        )
    return os.fdopen(descriptor, "rb")


def _rows(file: BinaryIO, reader: Reader, limits: Limits, *, strict: bool) -> Iterator[pa.RecordBatch]:
    rows = 0
    with file:
        for batch in reader(file, limits, strict=strict):
            rows += batch.num_rows
            yield batch
    if strict and not rows:
        raise refused("The data file holds no request.", "It has no row.", "Send a file with at least one row.")
