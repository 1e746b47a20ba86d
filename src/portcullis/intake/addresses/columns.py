"""The columns that come in and go out, and one text per row made of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.intake.addresses.fold import fold
from portcullis.intake.addresses.tokens import FIELD

__all__ = ["INPUT_COLUMNS", "OUTPUT_COLUMNS", "Values", "inputs", "row_texts"]

INPUT_COLUMNS = ("address_line", "unit", "city", "state", "postal_code", "address")
OUTPUT_COLUMNS = (
    *("kind", "number", "predir", "street_name", "street_type", "postdir", "unit", "city", "state", "zip5"),
    *("delivery_key", "unit_key", "genuine", "reason", "institution_word"),
)
_MAX_BYTES = 400
"""Longer texts are no address; they are read as `~` (patterns.py)."""


class Values:
    """A text column by its different values: `different[codes[row]]` is the value of a row."""

    def __init__(self, values: Any) -> None:
        encoded = pc.dictionary_encode(values, null_encoding="encode")
        self.different: list[str | None] = encoded.dictionary.to_pylist()
        self.codes: npt.NDArray[np.int64] = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)

    def has_text(self) -> npt.NDArray[np.bool_]:
        """Whether a row's value holds a letter or digit of any script."""
        known = [any(char.isalnum() or char == "~" for char in text or "") for text in self.different]
        return np.array(known or [False], np.bool_)[self.codes]


def inputs(table: Any) -> dict[str, Any]:
    """INPUT_COLUMNS of the table as ASCII text arrays; a missing column is null."""
    names = set(table.column_names)
    found = {}
    for name in INPUT_COLUMNS:
        values = table.column(name).cast(pa.string()).combine_chunks() if name in names else pa.nulls(table.num_rows, pa.string())
        found[name] = _ascii(values)
    return found


def _ascii(values: Any) -> Any:
    """The values with every one that is not ASCII folded."""
    plain = pc.fill_null(pc.string_is_ascii(values), True)
    if pc.all(plain, min_count=0).as_py():
        return values
    foreign = pc.invert(plain)
    folded = [fold(text) for text in values.filter(foreign).to_pylist()]
    return pc.replace_with_mask(values, foreign, pa.array(folded, pa.string()))


def row_texts(raw: dict[str, Any], parted: npt.NDArray[np.bool_]) -> Any:
    """One text per row, beginning with a field mark: line and unit where city or state stand apart, else everything in one."""
    mark, space, comma = pa.scalar(FIELD), pa.scalar(" "), pa.scalar(" , ")
    empty = pc.fill_null(pc.equal(pc.utf8_trim_whitespace(raw["address_line"]), ""), True)
    line = pc.if_else(empty, raw["address"], raw["address_line"])
    unit = pc.if_else(pc.is_valid(raw["unit"]), _join(mark, raw["unit"], space), "")
    apart = _join(mark, line, space, unit, space)
    whole = _join(mark, raw["address"], comma, raw["address_line"], comma, raw["unit"], comma, raw["postal_code"], space)
    texts = pc.if_else(pa.array(parted), apart, whole)
    return pc.if_else(pc.greater(pc.binary_length(texts), _MAX_BYTES), pa.scalar(FIELD + "~ "), texts)


def _join(*parts: Any) -> Any:
    return pc.binary_join_element_wise(*parts, "", null_handling="replace", null_replacement="")
