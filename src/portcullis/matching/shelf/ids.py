"""The owner's ids of persons, in order: what comes before the last digits, how many digits, and their number.

Ids that are numbered (`P000123`) cost a few bytes each this way; ids of any other form stand in full. Order is that of the text.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.matching.scalars import EMPTY
from portcullis.matching.shelf.coding import Coded, coded

__all__ = ["id_parts", "id_text", "places_of"]

Rows = npt.NDArray[np.int64]
_FORM = r"(?s)^(?P<before>.*?)(?P<digits>[0-9]{0,9})$"


def id_parts(ids: pa.Array) -> tuple[dict[str, Coded], npt.NDArray[np.uint32]]:
    """The columns `before` and `width` of ids, and the number behind them."""
    parts = pc.extract_regex(ids, _FORM)
    digits = pc.struct_field(parts, "digits")
    number = np.asarray(pc.cast(pc.if_else(pc.equal(digits, ""), "0", digits), pa.uint32()))
    return {"before": coded(pc.struct_field(parts, "before")), "width": coded(pc.cast(pc.utf8_length(digits), pa.int8()))}, number


def id_text(forms: pa.Table, form: npt.NDArray[Any], number: npt.NDArray[Any]) -> pa.Array:
    """The ids of these parts."""
    before = pc.cast(forms["before"].combine_chunks().take(pa.array(form)), pa.string())
    width = np.asarray(forms["width"].combine_chunks())[form]
    digits = pc.cast(pa.array(number), pa.string())
    for some in np.unique(width):
        padded = pc.utf8_lpad(digits, int(some), "0") if some else pa.array([""] * len(digits), pa.string())
        digits = pc.if_else(pa.array(width == some), padded, digits)
    return pc.binary_join_element_wise(before, digits, EMPTY)


class _Listed:
    """The ids as a sequence that a search can read here and there."""

    def __init__(self, forms: pa.Table, form: npt.NDArray[Any], number: npt.NDArray[Any]) -> None:
        self._before, self._width = forms["before"].combine_chunks(), forms["width"].combine_chunks()
        self._form, self._number = form, number

    def __len__(self) -> int:
        return len(self._form)

    def __getitem__(self, at: int) -> str:
        form = int(self._form[at])
        width = self._width[form].as_py()
        return str(self._before[form].as_py()) + (f"{int(self._number[at]):0{width}d}" if width else "")


def places_of(wanted: Collection[str], forms: pa.Table, form: npt.NDArray[Any], number: npt.NDArray[Any]) -> Rows:
    """Where each of the wanted ids stands, -1 where it does not."""
    listed, found = _Listed(forms, form, number), []
    for one in wanted:
        at = bisect_left(listed, one)
        found.append(at if at < len(listed) and listed[at] == one else -1)
    return np.array(found, np.int64)
