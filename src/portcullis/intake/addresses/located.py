"""City, state and ZIP of every row, each with a status (place.py), from their own columns or from the end of a free text."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.intake.addresses.columns import Values
from portcullis.intake.addresses.place import STATUSES, Value, agreement, city, state, zip5, zip_state
from portcullis.intake.addresses.stream import Ints
from portcullis.intake.addresses.tail import Tail
from portcullis.intake.addresses.tokens import FIELD
from portcullis.intake.addresses.vocabulary import places

__all__ = ["Located", "stated_of"]

_OK, _BLANK, _FILLER = (STATUSES.index(name) for name in ("ok", "blank", "filler"))
Texts = npt.NDArray[Any]


def _take(values: list[str | None], codes: Ints) -> Texts:
    return np.asarray(np.array([*values, None], object)[codes])


def _statuses(values: list[Value]) -> Ints:
    return np.array([STATUSES.index(value.status) for value in values] or [0], np.int64)


def stated_of(states: Values, tail: Tail, parted: npt.NDArray[np.bool_]) -> tuple[Texts, Ints]:
    """The state each row states (two letters or None), and its status."""
    found = [state(text) for text in states.different]
    own = _take([value.text for value in found], states.codes)
    free = _take(list(places().codes), tail.state)
    status = np.where(parted, _statuses(found)[states.codes], np.where(tail.state >= 0, _OK, _BLANK))
    return np.where(parted, own, free), status


class Located:
    """Arrays with one entry per row: `city`, `state`, `zip5` (text or None), their statuses, and `agreement` of state and ZIP."""

    def __init__(self, towns: Any, stated: Texts, state_status: Ints, zips: Any) -> None:
        self.state_status = state_status
        self._zips(Values(zips))
        self._agree(stated)
        self._towns(towns)

    def _zips(self, values: Values) -> None:
        found = [zip5(text) for text in values.different]
        self.zip5 = _take([value.text for value in found], values.codes)
        self.zip_status = _statuses(found)[values.codes]

    def _agree(self, stated: Texts) -> None:
        """A missing state is filled from the ZIP."""
        pairs = _pairs(pa.array(stated, pa.string()), pa.array(self.zip5, pa.string()))
        both = [_both(text) for text in pairs.different]
        self.agreement = np.array([agreement(code, digits) for code, digits in both] or [0], np.int64)[pairs.codes]
        self.state = _take([code or zip_state(digits) for code, digits in both], pairs.codes)

    def _towns(self, towns: Any) -> None:
        pairs = _pairs(towns, pa.array(self.state, pa.string()))
        found = [city(*_both(text)) for text in pairs.different]
        self.city = _take([value.text for value in found], pairs.codes)
        self.city_status = _statuses(found)[pairs.codes]
        for row in np.flatnonzero(self.zip_status == _FILLER):
            if self.city[row] in places().filler[self.zip5[row]]:
                self.zip_status[row] = _OK


def _pairs(first: Any, second: Any) -> Values:
    return Values(pc.binary_join_element_wise(first, second, FIELD, null_handling="replace", null_replacement=""))


def _both(text: str | None) -> tuple[str | None, str | None]:
    first, _, second = (text or "").partition(FIELD)
    return first or None, second or None
