"""Masked reasons as 64-bit fingerprints, a million rows in about two seconds: the same answer as `mask_text`, word for word.

Masking makes two reasons equal that differ only in whom they are about: 1. lower case without accents, punctuation dropped; 2. a word
with a digit, or a month, becomes `0`; 3. a word of that row's own names, or a single letter, becomes `#`; 4. runs of `0` and of `#`
become one. Names are masked as whole words, so that "Al" does not break "also". Two rows are equal when their fingerprints are (a
64-bit polynomial hash per word, then per row: by chance two of a million different texts agree once in ten million batches).

How: the text of many rows is one array of bytes; words are found from a table of byte classes, hashed with prefix sums, compared with
the hashes of the row's own names, and summed again per row. Only rows with bytes outside ASCII are folded first.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["LONGEST", "fingerprints", "mask_text"]

LONGEST = 4_000
"""Characters of a reason that are masked and compared."""

MONTHS = (
    "january february march april may june july august september october november december jan feb mar apr jun jul aug sep sept oct nov dec"
)
LONGEST_NAME = 400
_A_WORD = "[^\x00-/:-`{-\x7f]+"
_CHUNK = 1 << 20
_SLOTS = 8
"""Words of a row's names that are masked, over all its names."""

_WORD = np.uint64(0x9E3779B97F4A7C15)
_ROW = np.uint64(0xD6E8FEB86659FD93)
_NUMBER, _NAME = np.uint64(1), np.uint64(2)

Hashes = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]


def mask_text(reason: str, names: Sequence[str | None]) -> str:
    """The masked text itself, for one reason; slow and plain, the meaning of the fingerprints."""
    folded = _folded(pa.chunked_array([[reason]]), LONGEST).to_pylist()[0]
    spoken = [_folded(pa.chunked_array([[name or ""]]), LONGEST_NAME).to_pylist()[0] for name in names]
    own = set(re.findall(_A_WORD, " ".join(spoken))[:_SLOTS])
    masked: list[str] = []
    for word in re.findall(_A_WORD, folded):
        mark = "0" if re.search("[0-9]", word) or word in MONTHS.split() else "#" if len(word.encode()) == 1 or word in own else word
        if mark not in ("0", "#") or masked[-1:] != [mark]:
            masked.append(mark)
    return " ".join(masked)


def fingerprints(reasons: pa.ChunkedArray, names: Sequence[pa.ChunkedArray]) -> pa.ChunkedArray:
    """int64 per row; null where the reason is null or nothing but masks is left of it."""
    text, others = _folded(reasons, LONGEST), [_folded(column, LONGEST_NAME) for column in names]
    offsets = _offsets(text)
    cuts = [0]
    while cuts[-1] < len(text):
        cuts.append(max(cuts[-1] + 1, int(np.searchsorted(offsets, offsets[cuts[-1]] + _CHUNK, "right")) - 1))
    spans = [(begin, end - begin) for begin, end in pairwise(cuts)]
    widths = [np.diff(_offsets(column)[cuts]).max(initial=0) for column in (text, *others)]
    powers = _powers(int(max(widths)) + 1, _WORD)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        parts = pool.map(lambda span: _masked(text.slice(*span), [column.slice(*span) for column in others], powers), spans)
    return pa.chunked_array(list(parts), pa.int64())


def _folded(column: pa.ChunkedArray, longest: int) -> pa.Array:
    """The text as one array, cut, in lower case; where bytes outside ASCII stand, accents, look-alike digits and signs are folded."""
    text = pc.utf8_lower(pa.concat_arrays(column.chunks)) if column.num_chunks else pa.array([], pa.string())
    if (pc.max(pc.binary_length(text)).as_py() or 0) > longest:
        text = pc.utf8_slice_codeunits(text, 0, longest)
    foreign = pc.fill_null(pc.invert(pc.string_is_ascii(text)), False)
    if pc.any(foreign).as_py():
        folded = pc.utf8_lower(pc.utf8_normalize(text.filter(foreign), "NFKD"))
        for pattern, instead in ((r"\pM+", ""), (r"\pN+", "0"), (r"[^\x00-\x7f\pL]+", " ")):
            folded = pc.replace_substring_regex(folded, pattern, instead)
        text = pc.replace_with_mask(text, foreign, folded)
    return text.cast(pa.large_string())


def _offsets(text: pa.Array) -> Places:
    return np.frombuffer(text.buffers()[1], np.int64)[text.offset : text.offset + len(text) + 1] if len(text) else np.zeros(1, np.int64)


def _powers(count: int, base: np.uint64) -> tuple[Hashes, Hashes]:
    """Powers of an odd base modulo 2^64 and their inverses."""
    inverse = np.uint64(pow(int(base), -1, 2**64))
    return tuple(np.concatenate([[np.uint64(1)], np.cumprod(np.full(count, step, np.uint64))]) for step in (base, inverse))  # type: ignore[return-value]


def _byte_tables() -> tuple[npt.NDArray[np.uint8], Hashes]:
    """Class of each byte (0 between words, 1 letter, 2 digit) and a random-looking 64-bit value."""
    kind = np.array([2 if 48 <= b <= 57 else 1 if b >= 128 or 97 <= b <= 122 else 0 for b in range(256)], np.uint8)
    return kind, _mixed(np.arange(1, 257, dtype=np.uint64))


def _mixed(values: Hashes) -> Hashes:
    """The splitmix64 finaliser: every bit depends on every bit."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


_KIND, _VALUE = _byte_tables()


def _words(text: pa.Array, powers: tuple[Hashes, Hashes]) -> tuple[Hashes, npt.NDArray[np.bool_], Places, Places]:
    """Per word: hash, whether it holds a digit, its length; per row: where its words begin (one more than rows)."""
    offsets = _offsets(text)
    data = text.buffers()[2]
    buffer = np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]] if data is not None else np.empty(0, np.uint8)
    local = offsets - offsets[0]
    kinds = _KIND[buffer]
    inside = np.zeros(len(buffer) + 2, np.bool_)
    inside[1:-1] = kinds > 0
    edge = np.zeros(len(buffer) + 1, np.bool_)
    edge[local] = True
    begins = np.flatnonzero(inside[1:-1] & (edge[:-1] | ~inside[:-2]))
    ends = np.flatnonzero(inside[1:-1] & (edge[1:] | ~inside[2:])) + 1
    sums = np.zeros(len(buffer) + 1, np.uint64)
    np.cumsum(_VALUE[buffer] * powers[0][: len(buffer)], out=sums[1:])
    hashes = _mixed((sums[ends] - sums[begins]) * powers[1][begins])
    digits = np.zeros(len(buffer) + 1, np.int32)
    np.cumsum(kinds == 2, out=digits[1:])
    return hashes, digits[ends] > digits[begins], ends - begins, np.searchsorted(begins, local)


def _own_names(names: Sequence[pa.Array], powers: tuple[Hashes, Hashes]) -> list[Hashes]:
    """The hashes of each row's name words, one array of rows per slot; 0 where a row has fewer."""
    rows = len(names[0]) if names else 0
    slots = np.zeros((_SLOTS, rows), np.uint64)
    used = np.zeros(rows, np.int64)
    for text in names:
        hashes, _, _, firsts = _words(text, powers)
        counts = np.diff(firsts)
        owner = np.repeat(np.arange(rows), counts)
        slot = used[owner] + np.arange(len(hashes)) - firsts[owner]
        fits = slot < _SLOTS
        slots[slot[fits], owner[fits]] = hashes[fits]
        used += counts
    return [slot for slot in slots if slot.any()]


def _masked(text: pa.Array, names: Sequence[pa.Array], powers: tuple[Hashes, Hashes]) -> pa.Array:
    hashes, digit, lengths, firsts = _words(text, powers)
    counts = np.diff(firsts)
    owner = np.repeat(np.arange(len(text)), counts)
    named = lengths == 1
    for slot in _own_names(names, powers):
        named |= hashes == slot[owner]
    number = digit | np.isin(hashes, _MONTH_HASHES)
    marks = np.where(number, _NUMBER, np.where(named, _NAME, hashes))
    repeated = np.zeros(len(marks), np.bool_)
    repeated[1:] = (marks[1:] == marks[:-1]) & (marks[1:] <= _NAME) & (owner[1:] == owner[:-1])
    return _per_row(marks[~repeated], owner[~repeated], len(text))


def _per_row(marks: Hashes, owner: Places, rows: int) -> pa.Array:
    """One hash per row over its marks in order; null where a row has no mark that is a word."""
    firsts = np.searchsorted(owner, np.arange(rows + 1))
    places = np.arange(len(marks)) - firsts[owner]
    longest = int(places.max(initial=0)) + 1
    sums = np.zeros(len(marks) + 1, np.uint64)
    np.cumsum(_mixed(marks) * _powers(longest, _ROW)[0][places], out=sums[1:])
    words = np.zeros(len(marks) + 1, np.int64)
    np.cumsum(marks > _NAME, out=words[1:])
    found = _mixed(sums[firsts[1:]] - sums[firsts[:-1]]).view(np.int64)
    return pa.array(found, mask=words[firsts[1:]] == words[firsts[:-1]])


_MONTH_HASHES = _words(pa.array(MONTHS.split(), pa.large_string()), _powers(400, _WORD))[0]
