"""Tokens seen before, and the facts about them as columns: a batch only asks which numbers its tokens have.

`classify` is pure, so what is kept or forgotten here changes nothing but time. A token's number never changes while it is kept; the columns
grow at their end and are never changed in place, so a batch may go on with the columns it was given.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from portcullis.intake.addresses.lexicon import Token, classify, split
from portcullis.intake.addresses.phrases import triggers
from portcullis.intake.addresses.suspicion import far

__all__ = ["Facts", "Ints", "Known", "shared"]

Ints = npt.NDArray[np.int64]
_LIMIT = 2_000_000
"""Different tokens that are kept, about 1 GB of them."""
_TEXTS = ("name", "street_type", "number", "unit", "unit_key", "town")
_NUMBERS = {"suspect": np.int64, "end": np.int64, "state": np.int64, "part": np.int64}


@dataclass(frozen=True, slots=True)
class Facts:
    """One entry per token. `letter` is the class (one byte); `second` is -1 where a token is one part, else it is `first` and `second`;
    `merges`: whether it can begin or be part of a phrase; `texts`: the forms of lexicon.Token, `floor` the unit key of a floor so numbered.
    """

    spelled: list[str]
    letter: npt.NDArray[np.uint8]
    first: Ints
    second: Ints
    merges: npt.NDArray[np.bool_]
    numbers: dict[str, Ints]
    texts: dict[str, Any]

    @classmethod
    def empty(cls) -> Facts:
        """No token."""
        none, text = np.zeros(0, np.int64), pa.array([], pa.string())
        forms = dict.fromkeys((*_TEXTS, "floor"), text)
        return cls([], np.zeros(0, np.uint8), none, none, np.zeros(0, np.bool_), dict.fromkeys(_NUMBERS, none), forms)

    def grown(self, spelled: list[str], found: list[Token], first: list[int], second: list[int]) -> Facts:
        """These and more."""
        fields = dict(zip(Token._fields, zip(*found, strict=True), strict=True))
        texts = {name: fields[name] for name in _TEXTS} | {"floor": ["/FL" + number for number in fields["number"]]}
        return Facts(
            spelled,
            np.concatenate((self.letter, np.frombuffer("".join(fields["letter"]).encode(), np.uint8))),
            np.concatenate((self.first, np.array(first, np.int64))),
            np.concatenate((self.second, np.array(second, np.int64))),
            np.concatenate((self.merges, np.array([token in triggers() for token in spelled[len(self.letter) :]], np.bool_))),
            {name: np.concatenate((self.numbers[name], np.array(fields[name], kind))) for name, kind in _NUMBERS.items()},
            {name: pa.concat_arrays([self.texts[name], pa.array(values, pa.string())]) for name, values in texts.items()},
        )


class Known:
    """A dictionary of tokens that grows. One thread at a time changes it."""

    def __init__(self, limit: int = _LIMIT) -> None:
        self._limit, self._lock = limit, Lock()
        self._index: dict[str, int] = {}
        self._facts = Facts.empty()

    def ask(self, tokens: list[str], keep: bool = False) -> tuple[Ints, Facts]:
        """The number of each token, and the facts of all. Unless told to `keep`, a dictionary that is full is begun anew."""
        with self._lock:
            if len(self._index) > self._limit and not keep:
                self._index, self._facts = {}, Facts.empty()
            found = list(map(self._index.get, tokens))
            if None in found:
                self._add([token for token, number in zip(tokens, found, strict=True) if number is None])
                found = list(map(self._index.get, tokens))
            return np.array(found, np.int64), self._facts

    def forget(self) -> None:
        """Begin anew."""
        with self._lock:
            self._index, self._facts = {}, Facts.empty()

    def _add(self, tokens: Iterable[str]) -> None:
        """Take up tokens and, before they are needed, the parts they have."""
        index, before = self._index, len(self._index)
        waiting = list(dict.fromkeys(tokens))
        pieces: dict[str, tuple[str, ...]] = {}
        while waiting:
            for token in waiting:
                index[token] = len(index)
                pieces[token] = split(token)
            waiting = list(dict.fromkeys(part for token in waiting for part in pieces[token] if part not in index))
        fresh = list(pieces)
        spelled = self._facts.spelled if before else []
        spelled.extend(fresh)
        first = [index[pieces[token][0]] for token in fresh]
        second = [index[pieces[token][1]] if len(pieces[token]) > 1 else -1 for token in fresh]
        told = [classify(token, surely) for token, surely in zip(fresh, far(fresh), strict=True)]
        self._facts = self._facts.grown(spelled, told, first, second)


shared = Known()
"""What this process has seen."""
