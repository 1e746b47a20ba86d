"""Requests as matching reads them: standard names and addresses, and the years asked for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.intake.addresses import standardise_addresses
from portcullis.intake.names import NAME_SCHEMA, standardise_names
from portcullis.matching.places import place_columns

__all__ = ["in_periods", "prepare_requests", "request_periods"]

_YEAR = r"^\s*((?:19|20)\d\d)\s*$"


def request_periods(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """`2022;2023` as a sorted list of years; null where nothing is stated (all periods), empty where nothing stated is a year."""
    flat = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    encoded = pc.cast(flat, pa.string()).dictionary_encode()
    lists: list[list[int] | None] = []
    for text in encoded.dictionary.to_pylist():
        parts = [p.strip() for p in text.replace(",", ";").split(";") if p.strip()]
        lists.append(sorted({int(p) for p in parts if p.isdigit() and len(p) == 4}) if parts else None)
    return pa.array(lists, pa.list_(pa.int32())).take(encoded.indices)


def prepare_requests(raw: pa.Table, names: pa.Table | None = None, addresses: pa.Table | None = None) -> pa.Table:
    """What `match` needs, from raw rows of the data file; pass `names` and `addresses` when they are standardised already.

    Columns: ordinal, NAME_SCHEMA, PLACE_COLUMNS, periods. Rows keep their order; `ordinal` counts from 1 where it is absent.
    """
    ordinal = raw["ordinal"] if "ordinal" in raw.column_names else pa.array(np.arange(1, raw.num_rows + 1), pa.int64())
    names = standardise_names(raw) if names is None else names
    addresses = standardise_addresses(raw) if addresses is None else addresses
    stated = raw["taxable_periods"] if "taxable_periods" in raw.column_names else pa.nulls(raw.num_rows, pa.string())
    columns = {"ordinal": ordinal, **{f.name: names[f.name] for f in NAME_SCHEMA}, **place_columns(addresses)}
    return pa.table({**columns, "periods": request_periods(stated)})


def in_periods(
    periods: pa.Array | pa.ChunkedArray, request: npt.NDArray[np.int64], since: npt.NDArray[np.int64], until: npt.NDArray[np.int64]
) -> npt.NDArray[np.int8]:
    """Whether a record of the years since…until (-1 unknown) falls in a period its request asks for: 1, 0, or -1 unknown.

    A request that states no period asks for all (`match evaluate`); rule R17 refuses such a request in a batch.
    """
    flat = periods.combine_chunks() if isinstance(periods, pa.ChunkedArray) else periods
    encoded = flat if isinstance(flat, pa.ListArray) else flat.cast(pa.list_(pa.int32()))
    stated = np.asarray(pc.is_valid(encoded))[request]
    found = np.where(stated, np.int8(0), np.int8(1))
    values, lengths = np.asarray(encoded.flatten()), np.asarray(pc.fill_null(pc.list_value_length(encoded), 0)).astype(np.int64)
    begin = np.cumsum(lengths) - lengths
    for k in range(int(lengths.max(initial=0))):
        rows = np.flatnonzero(stated & (lengths[request] > k))
        year = values[begin[request[rows]] + k]
        found[rows] |= ((year >= since[rows]) & (year <= until[rows])).astype(np.int8)
    unknown = stated & ((since < 0) | (until < 0))
    return np.where(unknown, np.int8(-1), found)
