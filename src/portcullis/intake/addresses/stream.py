"""The tokens of many rows as numbers: which of the different tokens each is, where rows begin, and the facts about the different ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from portcullis.intake.addresses.lexicon import Token, classify, split
from portcullis.intake.addresses.phrases import merge, triggers
from portcullis.intake.addresses.tokens import tokenise

__all__ = ["Ints", "Stream", "stream_of"]

Ints = npt.NDArray[np.int64]
_MEMO_LIMIT = 2_000_000
_memo: dict[str, Token] = {}
"""Facts about tokens seen before. `classify` is pure, so forgetting or keeping them changes nothing but time."""


@dataclass(frozen=True, slots=True)
class Stream:
    """`spelled[codes[i]]` is token i; row r has tokens `bounds[r]` to `bounds[r + 1]`, the first of which is its field mark.

    `facts` holds one tuple per field of lexicon.Token, with an entry for each of `spelled`.
    """

    codes: Ints
    bounds: Ints
    spelled: list[str]
    facts: dict[str, tuple[Any, ...]]

    def tokens(self, row: int) -> tuple[str, ...]:
        """The tokens of one row without its field mark."""
        return tuple(self.spelled[code] for code in self.codes[self.bounds[row] + 1 : self.bounds[row + 1]])


def stream_of(texts: Any) -> Stream:
    """Tokenise, part what was written together (APT4), join what is one thing (TWENTY-ONE), and look up the facts."""
    tokens, bounds = tokenise(texts)
    encoded = pc.dictionary_encode(tokens)
    codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    spelled: list[str] = encoded.dictionary.to_pylist()
    codes, bounds = _parted(codes, bounds, spelled)
    codes, bounds = _merged(codes, bounds, spelled)
    return Stream(codes, bounds, spelled, _facts(spelled))


def _facts(spelled: list[str]) -> dict[str, tuple[Any, ...]]:
    if len(_memo) > _MEMO_LIMIT:
        _memo.clear()
    found = []
    for token in spelled:
        fact = _memo.get(token)
        if fact is None:
            fact = _memo[token] = classify(token)
        found.append(fact)
    fields: list[tuple[Any, ...]] = list(zip(*found, strict=True)) if found else [()] * len(Token._fields)
    return dict(zip(Token._fields, fields, strict=True))


def _parted(codes: Ints, bounds: Ints, spelled: list[str]) -> tuple[Ints, Ints]:
    """Tokens of two parts become two tokens; new spellings are added to `spelled`."""
    pieces = {code: piece for code, token in enumerate(spelled) if len(piece := split(token)) > 1}
    if not pieces:
        return codes, bounds
    index = {token: code for code, token in enumerate(spelled)}
    first, second = np.arange(len(spelled), dtype=np.int64), np.full(len(spelled), -1, np.int64)
    for code, piece in pieces.items():
        first[code], second[code] = (index.setdefault(part, len(index)) for part in piece)
    spelled.extend(list(index)[len(spelled) :])
    later = np.concatenate(([0], np.cumsum(1 + (second[codes] >= 0))))
    grown = np.repeat(codes, np.diff(later))
    is_second = np.ones(len(grown), np.bool_)
    is_second[later[:-1]] = False
    return np.where(is_second, second[grown], first[grown]), later[bounds]


def _merged(codes: Ints, bounds: Ints, spelled: list[str]) -> tuple[Ints, Ints]:
    """Tokens that are one thing together become one token; new spellings are added to `spelled`."""
    rows = _rows_with(np.array([token in triggers() for token in spelled] or [False], np.bool_)[codes], bounds)
    if not len(rows):
        return codes, bounds
    index = {token: code for code, token in enumerate(spelled)}
    keep, codes = np.ones(len(codes), np.bool_), codes.copy()
    for row in rows:
        start, stop = int(bounds[row]), int(bounds[row + 1])
        tokens, at = [spelled[code] for code in codes[start:stop]], 0
        while at < len(tokens):
            found = merge(tokens, at)
            if found:
                codes[start + at] = index.setdefault(found[0], len(index))
                keep[start + at + 1 : start + at + found[1]] = False
            at += found[1] if found else 1
    spelled.extend(list(index)[len(spelled) :])
    return codes[keep], np.concatenate(([0], np.cumsum(keep)))[bounds]


def _rows_with(flags: npt.NDArray[np.bool_], bounds: Ints) -> Ints:
    return np.unique(np.searchsorted(bounds, np.flatnonzero(flags), side="right") - 1)
