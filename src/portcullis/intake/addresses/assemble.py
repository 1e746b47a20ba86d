"""Roles back to columns: for each output column the tokens with its roles, in their normal form, joined per row."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.intake.addresses.roles import CONSTANTS

__all__ = ["Flat", "column", "compact"]


class Flat:
    """All tokens of a batch: which different token each is, where rows begin, and the role of each."""

    def __init__(self, codes: npt.NDArray[np.int64], bounds: npt.NDArray[np.int64], roles: npt.NDArray[np.uint8]) -> None:
        self.codes, self.bounds, self.roles = codes, bounds, roles

    def pick(self, roles: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
        """Codes and roles of the tokens in any of `roles`, and how many come before each row."""
        wanted = np.zeros(256, np.bool_)
        wanted[[ord(role) for role in roles]] = True
        mask = wanted[self.roles]
        at = np.flatnonzero(mask)
        return self.codes[at], np.searchsorted(at, self.bounds), self.roles[at]


def column(flat: Flat, roles: str, forms: Any, between: str = " ") -> Any:
    """One string per row from the tokens in `roles`, null where there are none. Digits among the roles stand for CONSTANTS.

    `forms` is a string array with the form of every token.
    """
    codes, bounds, picked = flat.pick(roles)
    if any(role.isdigit() for role in roles):
        digits = (picked >= ord("1")) & (picked <= ord("9"))
        codes = np.where(digits, len(forms) + picked.astype(np.int64) - ord("1"), codes)
        forms = pa.concat_arrays([forms, pa.array([CONSTANTS[key] for key in sorted(CONSTANTS)], pa.string())])
    values = forms.take(pa.array(codes))
    many = np.diff(bounds)
    if len(many) and many.max() <= 1:  # one token or none: nothing to join
        return values.take(pa.array(bounds[:-1], mask=many == 0))
    lists = pa.ListArray.from_arrays(pa.array(bounds.astype(np.int32)), values)
    return pc.if_else(pa.array(many > 0), pc.binary_join(lists, between), pa.scalar(None, pa.string()))


def compact(values: Any) -> Any:
    """Without spaces, nulls as empty: the part of a key that renderings must not change."""
    return pc.replace_substring(pc.fill_null(values, ""), " ", "")
