"""Standardised names as small integers: equal text has equal code, so millions of pairs compare without touching a letter.

Requests and the register names they meet are coded together, in one call, so a code is exact and never a hash.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.matching.lexicon import Lexicon, lexicon
from portcullis.matching.scalars import NO_CODE, NO_NUMBER, ZERO

__all__ = ["Codes", "Names", "Texts", "code_names", "code_texts"]

Codes = npt.NDArray[np.int32]
TOKENS = 4
"""Core tokens, and second names, compared of one name; more are kept in the compact form only."""


@dataclass(frozen=True)
class Texts:
    """One text column as codes (-1 null) into `values`."""

    code: Codes
    values: list[str]

    def text(self, rows: npt.NDArray[np.int64]) -> list[str]:
        """The texts of `rows`; empty for null."""
        values = self.values
        return [values[c] if c >= 0 else "" for c in self.code[rows].tolist()]


@dataclass(frozen=True)
class Names:
    """Coded names, one entry per row of the table they came from. Token codes share one dictionary across all columns."""

    family: Texts
    family_core: Codes  # core tokens as one word
    family_sorted: Codes  # core tokens in alphabetical order
    family_tokens: npt.NDArray[np.int32]  # (rows, TOKENS), -1 none
    given: Texts
    first: Texts
    rest: npt.NDArray[np.int32]  # (rows, TOKENS) tokens after the first given
    middle: Codes
    spelling: Codes  # lexicon code of the first given, 0 none
    roots: npt.NDArray[np.int32]  # (rows, some) full names the first given is short for, 0 none
    token_texts: list[str]  # by token code
    bag: npt.NDArray[np.uint64]  # order-free sum over given and family tokens
    bag_middle: npt.NDArray[np.uint64]  # the same with a full middle name
    generation: npt.NDArray[np.int8]  # 0 none
    dob: npt.NDArray[np.int32]  # NO_DATE none
    number: npt.NDArray[np.int64]  # -1 none
    number_stated: npt.NDArray[np.bool_]  # given, usable or not


NO_DATE = np.iinfo(np.int32).min
_NO_DATE = pa.scalar(int(NO_DATE), pa.int32())


def code_texts(column: pa.Array | pa.ChunkedArray) -> Texts:
    """A text column as codes."""
    flat = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    encoded = flat.dictionary_encode()
    codes = np.asarray(pc.fill_null(encoded.indices, NO_CODE)).astype(np.int32)
    return Texts(codes, encoded.dictionary.to_pylist())


class _Tokens:
    """One dictionary of tokens for every column that holds them."""

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}

    def matrix(self, texts: Texts) -> npt.NDArray[np.int32]:
        """Up to TOKENS token codes per row of a column of tokens with gaps."""
        table = np.full((len(texts.values) + 1, TOKENS), -1, np.int32)
        for i, value in enumerate(texts.values):
            for j, token in enumerate(value.split()[:TOKENS]):
                table[i, j] = self.codes.setdefault(token, len(self.codes))
        return table[texts.code]  # -1 takes the last, empty row

    def one(self, texts: Texts) -> Codes:
        """The code of each row's text as one token."""
        table = np.array([self.codes.setdefault(v, len(self.codes)) for v in texts.values] + [-1], np.int32)
        return table[texts.code]


def _per_value(texts: Texts, table: list[str]) -> Codes:
    """Codes of a derived text per distinct value (equal derived text, equal code), -1 for null."""
    seen: dict[str, int] = {}
    codes = np.array([seen.setdefault(v, len(seen)) for v in table] + [-1], np.int32)
    return codes[texts.code]


def _roots(first: Texts, words: Lexicon) -> npt.NDArray[np.int32]:
    found = [sorted(words.roots(token)) for token in first.values]
    table = np.zeros((len(found) + 1, max((len(f) for f in found), default=0) or 1), np.int32)
    for i, roots in enumerate(found):
        table[i, : len(roots)] = roots
    return table[first.code]


def _weights(count: int) -> npt.NDArray[np.uint64]:
    """A fixed odd-looking 64-bit weight per token code, for the order-free sums."""
    x = (np.arange(count + 1, dtype=np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    weights: npt.NDArray[np.uint64] = x ^ (x >> np.uint64(31))
    weights[count] = 0
    return weights


def _bags(tokens: _Tokens, parts: list[npt.NDArray[np.int32]], middle: Codes) -> tuple[Any, Any]:
    weights = _weights(len(tokens.codes))
    bag = sum((weights[p].sum(axis=-1, dtype=np.uint64) if p.ndim == 2 else weights[p] for p in parts), np.uint64(0))
    full = np.array([len(t) > 1 for t in tokens.codes] + [False])
    return bag, bag + np.where(full[middle], weights[middle], np.uint64(0))


def code_names(table: pa.Table) -> Names:
    """Code a table of NAME_SCHEMA."""
    words, tokens = lexicon(), _Tokens()
    family, first = code_texts(table["family"]), code_texts(table["given_first"])
    core = code_texts(table["family_tokens"])
    family_tokens = tokens.matrix(core)
    rest, middle = tokens.matrix(code_texts(table["given_rest"])), tokens.one(code_texts(table["middle"]))
    spelling = np.array([words.code(v) for v in first.values] + [0], np.int32)[first.code]
    bag, bag_middle = _bags(tokens, [tokens.one(first), rest, family_tokens], middle)
    return Names(
        family=family,
        family_core=_per_value(core, [v.replace(" ", "") for v in core.values]),
        family_sorted=_per_value(core, [" ".join(sorted(v.split())) for v in core.values]),
        family_tokens=family_tokens,
        given=code_texts(table["given"]),
        first=first,
        rest=rest,
        middle=middle,
        spelling=spelling,
        roots=_roots(first, words),
        token_texts=list(tokens.codes),
        bag=bag,
        bag_middle=bag_middle,
        generation=np.asarray(pc.fill_null(table["generation"], ZERO)).astype(np.int8),
        dob=np.asarray(pc.fill_null(table["dob"], _NO_DATE)).astype(np.int32),
        number=np.asarray(pc.fill_null(pc.cast(table["number"], pa.int64()), NO_NUMBER)),
        number_stated=np.asarray(pc.is_valid(table["number_valid"])),
    )
