"""The tokens of many rows as numbers: which token each is, where rows begin, and the facts about all tokens seen (known.py)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from portcullis.intake.addresses.known import Facts, Ints, shared
from portcullis.intake.addresses.phrases import merge
from portcullis.intake.addresses.tokens import tokenise

__all__ = ["Ints", "Stream", "stream_of"]


@dataclass(frozen=True, slots=True)
class Stream:
    """`facts.spelled[codes[i]]` is token i; row r has tokens `bounds[r]` to `bounds[r + 1]`, the first of which is its field mark."""

    codes: Ints
    bounds: Ints
    facts: Facts

    def tokens(self, row: int) -> tuple[str, ...]:
        """The tokens of one row without its field mark."""
        spelled = self.facts.spelled
        return tuple([spelled[code] for code in self.codes[self.bounds[row] + 1 : self.bounds[row + 1]].tolist()])


def stream_of(texts: Any) -> Stream:
    """Tokenise, part what was written together (APT4), join what is one thing (TWENTY-ONE), and look up the facts."""
    tokens, bounds = tokenise(texts)
    encoded = pc.dictionary_encode(tokens)
    numbers, facts = shared.ask(encoded.dictionary.to_pylist())
    codes = numbers[encoded.indices.to_numpy(zero_copy_only=False)]
    return _merged(Stream(*_parted(codes, bounds, facts), facts))


def _parted(codes: Ints, bounds: Ints, facts: Facts) -> tuple[Ints, Ints]:
    """Tokens of two parts become two tokens."""
    second = facts.second[codes]
    two = second >= 0
    if not two.any():
        return codes, bounds
    later = np.concatenate(([0], np.cumsum(1 + two)))
    grown = np.repeat(facts.first[codes], np.diff(later))
    grown[later[1:][two] - 1] = second[two]
    return grown, later[bounds]


def _merged(stream: Stream) -> Stream:
    """Tokens that are one thing together become one token."""
    codes, bounds = stream.codes, stream.bounds
    rows = _rows_with(stream.facts.merges[codes], bounds)
    if not len(rows):
        return stream
    keep, places, found = np.ones(len(codes), np.bool_), list[int](), list[str]()
    for row in rows.tolist():
        start, at = int(bounds[row]), 0
        tokens = [stream.facts.spelled[code] for code in codes[start : bounds[row + 1]].tolist()]
        while at < len(tokens):
            joined = merge(tokens, at)
            if joined:
                places.append(start + at)
                found.append(joined[0])
                keep[start + at + 1 : start + at + joined[1]] = False
            at += joined[1] if joined else 1
    if not found:
        return stream
    codes = codes.copy()
    codes[places], facts = shared.ask(found, keep=True)
    return Stream(codes[keep], np.concatenate(([0], np.cumsum(keep)))[bounds], facts)


def _rows_with(flags: npt.NDArray[np.bool_], bounds: Ints) -> Ints:
    return np.unique(np.searchsorted(bounds, np.flatnonzero(flags), side="right") - 1)
