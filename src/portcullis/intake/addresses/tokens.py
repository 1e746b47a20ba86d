"""Many address texts to one flat list of tokens, by byte arithmetic; no row knows of another.

Texts are ASCII (fold.py comes first), begin with a field mark and end with a space, so that neighbouring bytes of two rows never touch.

| byte | becomes |
| --- | --- |
| letter, digit | part of a word, in capitals |
| `.` | kept between digits; dropped between two single letters (P.O., N.W.); else a space |
| `-` | kept between digits (12-34); dropped between a digit and a single letter, or two single letters (B-12, 5-B); else a space |
| `/` | kept between digits (1/2) and between single letters (C/O); a comma when it stands alone; else a space |
| `,` `;` `|` line feed | a comma token; runs, and those at the edges, count once or not at all |
| `#` `%` `&` `@` `~` and the field mark | a token of its own |
| `'` and control characters | dropped |
| anything else | a space |
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

__all__ = ["FIELD", "tokenise"]

FIELD = "\x1f"
"""The mark between two columns of one address."""

_Bytes = npt.NDArray[np.uint8]
_Flags = npt.NDArray[np.bool_]

_DROP, _SPACE, _LETTER, _DIGIT, _HYPHEN, _DOT, _SLASH, _COMMA, _ALONE, _FIELD = range(10)


def _kinds() -> tuple[_Bytes, _Bytes]:
    """For each byte its kind, and the byte written in its place."""
    kind = np.full(256, _SPACE, np.uint8)
    upper = np.arange(256, dtype=np.uint8)
    kind[:32] = _DROP
    kind[127] = _DROP
    kind[[9, 11, 12, 13]] = _SPACE
    kind[ord("0") : ord("9") + 1] = _DIGIT
    kind[ord("A") : ord("Z") + 1] = kind[ord("a") : ord("z") + 1] = _LETTER
    upper[ord("a") : ord("z") + 1] -= 32
    for chars, value in (("'`", _DROP), ("-", _HYPHEN), (".", _DOT), ("/", _SLASH), (",;|\n", _COMMA), ("#%&+@~", _ALONE), (FIELD, _FIELD)):
        kind[[ord(char) for char in chars]] = value
    upper[[ord(char) for char in ";|\n"]] = ord(",")
    upper[ord("+")] = ord("&")
    upper[ord(FIELD)] = ord("|")
    return kind, upper


_KIND, _UPPER = _kinds()


def _flat(texts: Any) -> tuple[_Bytes, npt.NDArray[np.int64]]:
    """The bytes of a string array end to end, and where each row begins."""
    texts = texts.cast(pa.large_string()) if texts.type != pa.large_string() else texts
    buffers = texts.buffers()
    bounds = np.frombuffer(buffers[1], np.int64)[texts.offset : texts.offset + len(texts) + 1]
    data = np.frombuffer(buffers[2], np.uint8)[bounds[0] : bounds[-1]] if buffers[2] is not None else np.zeros(0, np.uint8)
    return data, bounds - bounds[0]


def _without_dropped(data: _Bytes, bounds: npt.NDArray[np.int64]) -> tuple[_Bytes, npt.NDArray[np.int64]]:
    """Dropped bytes must go first: what stood on either side of them becomes neighbours."""
    keep = _KIND[data] != _DROP
    if keep.all():
        return data, bounds
    kept_before = np.concatenate(([0], np.cumsum(keep)))
    return data[keep], kept_before[bounds]


def _resolve(kind: _Bytes) -> _Bytes:
    """Hyphens, dots and slashes settled by their neighbours, as the table above says. Changes and returns `kind`."""
    letter, digit = kind == _LETTER, kind == _DIGIT
    word = letter | digit
    single = letter.copy()
    single[1:] &= ~word[:-1]
    single[:-1] &= ~word[1:]
    for mark in (_DOT, _HYPHEN, _SLASH):
        at = np.flatnonzero(kind == mark)
        at = at[(at > 0) & (at < len(kind) - 1)]
        before, after = at - 1, at + 1
        digits = digit[before] & digit[after]
        singles = single[before] & single[after]
        new = np.full(len(at), _SPACE, np.uint8)
        if mark == _DOT:
            new[singles] = _DROP
        elif mark == _HYPHEN:
            new[singles | (single[before] & digit[after]) | (digit[before] & single[after])] = _DROP
        else:
            new[(kind[before] == _SPACE) & (kind[after] == _SPACE)] = _COMMA
            new[singles] = _LETTER
        new[digits] = _DIGIT
        kind[at] = new
    kind[(kind == _DOT) | (kind == _HYPHEN) | (kind == _SLASH)] = _SPACE
    return kind


def tokenise(texts: Any) -> tuple[Any, npt.NDArray[np.int64]]:
    """The tokens of all rows as one string array, and for each row where its tokens begin (one more entry than rows)."""
    data, bounds = _without_dropped(*_flat(texts))
    original = data
    kind = _resolve(_KIND[data])
    shown = _UPPER[original]
    shown[(kind == _COMMA)] = ord(",")
    alone = (kind == _ALONE) | (kind == _COMMA) | (kind == _FIELD)
    word = (kind == _LETTER) | (kind == _DIGIT)
    joined = word | (kind == _DROP)
    start = word.copy()
    start[1:] &= ~joined[:-1]
    start |= alone
    start, alone = _single_commas(start, alone, kind)
    keep = word | alone
    places = np.cumsum(keep) - 1
    begins = places[start]
    offsets = np.concatenate((begins, [int(places[-1]) + 1 if len(places) else 0])).astype(np.int32)
    counted = np.concatenate(([0], np.cumsum(start)))
    tokens = pa.StringArray.from_buffers(len(begins), pa.py_buffer(offsets), pa.py_buffer(shown[keep].tobytes()))
    return tokens, counted[bounds]


def _single_commas(start: _Flags, alone: _Flags, kind: _Bytes) -> tuple[_Flags, _Flags]:
    """Commas are kept only after a word or sign and before another: one per run, none beside a field mark."""
    commas = kind == _COMMA
    if not commas.any():
        return start, alone
    # Every row begins with a field mark, so whether a comma at its edge is idle never depends on the next row.
    at = np.flatnonzero(start)
    idle = np.zeros(len(at), np.bool_)
    is_comma = commas[at]
    edge = is_comma | (kind[at] == _FIELD)
    idle[:-1] |= is_comma[:-1] & edge[1:]
    idle[-1] |= is_comma[-1]
    idle[1:] |= is_comma[1:] & (kind[at[:-1]] == _FIELD)
    start = start.copy()
    alone = alone.copy()
    start[at[idle]] = False
    alone[at[idle]] = False
    return start, alone
