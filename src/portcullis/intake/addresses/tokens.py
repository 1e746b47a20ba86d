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
_ALONE_PART, _WORD_PART = 1, 2
_PART = np.zeros(256, np.uint8)
_PART[[_COMMA, _ALONE, _FIELD]] = _ALONE_PART
_PART[[_LETTER, _DIGIT, _DROP]] = _WORD_PART


def _flat(texts: Any) -> tuple[_Bytes, npt.NDArray[np.int64]]:
    """The bytes of a string array end to end, and where each row begins."""
    texts = texts.cast(pa.large_string()) if texts.type != pa.large_string() else texts
    buffers = texts.buffers()
    bounds = np.frombuffer(buffers[1], np.int64)[texts.offset : texts.offset + len(texts) + 1]
    data = np.frombuffer(buffers[2], np.uint8)[bounds[0] : bounds[-1]] if buffers[2] is not None else np.zeros(0, np.uint8)
    return data, bounds - bounds[0]


def _resolve(kind: _Bytes) -> _Bytes:
    """Hyphens, dots and slashes settled by their neighbours, as the table above says. Changes and returns `kind`."""
    at = np.flatnonzero((kind >= _HYPHEN) & (kind <= _SLASH))
    if not len(at):
        return kind
    inner = np.clip(at, 2, max(len(kind) - 3, 2))
    around = [kind[inner + step] for step in (-2, -1, 0, 1, 2)]
    word = [(part == _LETTER) | (part == _DIGIT) for part in around]
    single_before, single_after = (around[1] == _LETTER) & ~word[0], (around[3] == _LETTER) & ~word[4]
    digit_before, digit_after = around[1] == _DIGIT, around[3] == _DIGIT
    singles, digits = single_before & single_after, digit_before & digit_after
    near_digit = (single_before & digit_after) | (digit_before & single_after)
    apart = (around[1] == _SPACE) & (around[3] == _SPACE)
    mark = around[2]
    new = np.full(len(at), _SPACE, np.uint8)
    new[(mark == _SLASH) & apart] = _COMMA
    new[(mark == _SLASH) & singles] = _LETTER
    new[((mark == _DOT) & singles) | ((mark == _HYPHEN) & (singles | near_digit))] = _DROP
    new[digits] = _DIGIT
    kind[at] = np.where(inner == at, new, _SPACE)
    return kind


def tokenise(texts: Any) -> tuple[Any, npt.NDArray[np.int64]]:
    """The tokens of all rows as one string array, and for each row where its tokens begin (one more entry than rows)."""
    data, bounds = _flat(texts)
    kind = _KIND[data]
    dropped = kind == _DROP
    if dropped.any():  # what stood on either side of a dropped byte becomes neighbours
        bounds = _counted(~dropped)[bounds]
        data, kind = data[~dropped], kind[~dropped]
    kind = _resolve(kind)
    part = _PART[kind]
    alone = part == _ALONE_PART
    start = part == _WORD_PART
    start[1:] &= part[:-1] < _WORD_PART  # a dropped dot inside P.O. does not end the word
    start |= alone
    keep = (part == _WORD_PART) & (kind != _DROP) | alone
    start, keep = _single_commas(start, keep, kind)
    shown = _UPPER[data]
    shown[kind == _COMMA] = ord(",")
    begins = np.flatnonzero(start[keep])
    offsets = np.append(begins, np.count_nonzero(keep)).astype(np.int32)
    tokens = pa.StringArray.from_buffers(len(begins), pa.py_buffer(offsets), pa.py_buffer(shown[keep]))
    return tokens, np.searchsorted(np.flatnonzero(start), bounds)


def _counted(flags: _Flags) -> npt.NDArray[np.int64]:
    """How many flags stand before each place."""
    return np.concatenate(([0], np.cumsum(flags)))


def _single_commas(start: _Flags, keep: _Flags, kind: _Bytes) -> tuple[_Flags, _Flags]:
    """Commas are kept only after a word or sign and before another: one per run, none beside a field mark.

    Every row begins with a field mark, so whether a comma at its edge is idle never depends on the next row.
    """
    at = np.flatnonzero(start)
    comma = kind[at] == _COMMA
    if not comma.any():
        return start, keep
    field = kind[at] == _FIELD
    idle = np.zeros(len(at), np.bool_)
    idle[:-1] |= comma[:-1] & (comma | field)[1:]
    idle[-1] |= comma[-1]
    idle[1:] |= comma[1:] & field[:-1]
    start[at[idle]] = False
    keep[at[idle]] = False
    return start, keep
