"""Parquet, with what it says about itself checked before anything is unpacked.

1. The footer is read with small limits; the file is not encrypted.
2. It states no more rows, and no more unpacked bytes, than the limits.
3. Every column is text, or one of the simple types that have one spelling (whole numbers, truth values, days); nested, floating,
   timestamp and binary columns are refused by name. Numbers are refused where a leading zero may have been lost.
4. Rows come in small batches, their texts as dictionaries: what a batch would unpack to is known before it is unpacked, so that a
   few bytes repeated a million times do not fill memory.
5. Every text is valid UTF-8; Parquet itself does not look.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import types

from portcullis.datafile.columns import check_names, finish, refused
from portcullis.datafile.limits import Limits

__all__ = ["LEADING_ZEROS", "read_parquet"]

LEADING_ZEROS = ("taxpayer_number", "postal_code")
"""Columns in which a number is not the same as the text that was meant."""

_BATCH_ROWS = 16_384
_BATCH_BYTES = 512 << 20
_FOOTER_LIMIT = 16 << 20
_FAILURES = (pa.ArrowException, OSError, ValueError, OverflowError, UnicodeDecodeError)


def read_parquet(file: BinaryIO, limits: Limits, *, strict: bool) -> Iterator[pa.RecordBatch]:
    """The rows of the open file. Raises Refused."""
    source, names = _open(file, limits, strict=strict)
    known = [name for name in names if name]
    before = unpacked = 0
    batches = source.iter_batches(_BATCH_ROWS, columns=known, use_threads=False)
    while (batch := _next(batches)) is not None:
        unpacked += _unpacked(batch, before)
        if unpacked > limits.uncompressed_bytes:  # 2
            raise _too_large(limits)
        arrays = {name: _text(name, batch.column(name)) for name in known}
        yield finish(arrays, batch.num_rows, before, limits)
        before += batch.num_rows
    if before != source.metadata.num_rows:
        raise _damaged()


def _open(file: BinaryIO, limits: Limits, *, strict: bool) -> tuple[pq.ParquetFile, list[str | None]]:
    options: dict[str, Any] = {
        "thrift_string_size_limit": _FOOTER_LIMIT,
        "thrift_container_size_limit": 1 << 20,
        "pre_buffer": False,
        "buffer_size": 1 << 20,
    }
    try:
        schema = pq.ParquetFile(file, **options).schema_arrow  # 1
        texts = [field.name for field in schema if types.is_string(field.type) or types.is_large_string(field.type)]
        source = pq.ParquetFile(file, read_dictionary=texts, **options)
        stated = _stated_bytes(source.metadata)
    except _FAILURES:
        raise _damaged() from None
    if source.metadata.num_rows > limits.rows:  # 2
        raise refused("The data file states too many rows.", f"At most {limits.rows} are read.", "Send several batches.")
    if stated > limits.uncompressed_bytes:  # 2
        raise _too_large(limits)
    names = check_names(schema.names, strict=strict)
    for name, field in zip(names, schema, strict=True):
        if name is not None:
            _check_type(name, field.type)  # 3
    return source, names


def _stated_bytes(metadata: Any) -> int:
    """The unpacked size the footer states. A negative figure is damage."""
    groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
    sizes = [group.column(index).total_uncompressed_size for group in groups for index in range(metadata.num_columns)]
    if metadata.num_rows < 0 or any(size < 0 for size in sizes):
        raise ValueError("negative")
    return sum(sizes)


def _check_type(name: str, kind: pa.DataType) -> None:
    inner = kind.value_type if types.is_dictionary(kind) else kind
    if types.is_string(inner) or types.is_large_string(inner) or types.is_string_view(inner) or types.is_null(inner):
        return
    if types.is_integer(inner) and name in LEADING_ZEROS:
        raise refused(f"The column {name} holds numbers.", "Leading zeros may have been lost.", "Write it as text.")
    if not (types.is_integer(inner) or types.is_boolean(inner) or types.is_date32(inner)):
        raise refused(
            f"The column {name} has the type {str(inner)[:40]}.",
            "Only text, whole numbers, truth values and days are read.",
            "Write it as text.",
        )


def _next(batches: Iterator[pa.RecordBatch]) -> pa.RecordBatch | None:
    try:
        return next(batches, None)
    except _FAILURES:
        raise _damaged() from None


def _unpacked(batch: pa.RecordBatch, before: int) -> int:
    """How many bytes the texts of a batch take once unpacked (check 4)."""
    total = sum(_text_bytes(column) for column in batch.columns)
    if total > _BATCH_BYTES:
        raise refused(
            f"The rows after row {before} unpack to far more than they should.", f"{batch.num_rows} rows would take {total} bytes."
        )
    return total


def _text_bytes(column: pa.Array) -> int:
    if not types.is_dictionary(column.type):
        return int(column.nbytes)
    lengths = pc.binary_length(column.dictionary) if not types.is_null(column.type.value_type) else None
    return int(pc.sum(lengths.take(column.indices)).as_py() or 0) if lengths is not None else 0


def _text(name: str, column: pa.Array) -> pa.Array:
    try:
        text = column.cast(pa.string())
        text.validate(full=True)  # 5
    except _FAILURES:
        raise refused(
            f"The column {name} holds values that are no text in UTF-8.", "The file is damaged, or was written in another encoding."
        ) from None
    return text


def _damaged() -> Exception:
    return refused(
        "The data file is not a whole Parquet file.", "It is damaged, truncated, encrypted or of another kind.", "Send it again."
    )


def _too_large(limits: Limits) -> Exception:
    return refused("The data file unpacks to too much.", f"At most {limits.uncompressed_bytes} bytes are read.", "Send several batches.")
