"""Which letters occur in a text, as bits, over whole columns: the ground of every bound that passes over a comparison unread.

A to Z have one bit each; all other characters share four bits, and everything beyond ASCII one of them. So one edit of one character
changes at most two bits, whatever the length of the text, and a text inside another has no bit the other lacks.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.matching.scalars import EMPTY

__all__ = ["ALPHABET", "LetterBits", "letter_bits", "sound_perhaps"]

LetterBits = npt.NDArray[np.uint32]
ALPHABET = np.uint32((1 << 30) - 1)
"""All bits that stand for characters; the two above are free for other marks."""


def _bit(byte: int) -> int:
    letter = byte - 65
    return 1 << (letter if 0 <= letter < 26 else 29 if byte > 127 else 26 + byte % 3)


_KEPT, _VW, _OU = (np.uint32(sum(1 << (ord(c) - 65) for c in letters)) for letters in ("BLMNRXA", "VW", "OU"))
_BITS = np.array([_bit(byte) for byte in range(256)], np.uint32)


def letter_bits(column: pa.Array | pa.ChunkedArray) -> LetterBits:
    """The letters of each text; 0 for null and for empty text."""
    flat = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    text = pc.cast(pc.fill_null(flat, EMPTY), pa.large_string())
    bits = np.zeros(len(text), np.uint32)
    if not len(text):
        return bits
    _, offset_buffer, data = text.buffers()
    offsets = np.frombuffer(offset_buffer, np.int64)[text.offset : text.offset + len(text) + 1]
    filled = np.flatnonzero(np.diff(offsets))
    if len(filled):
        characters = _BITS[np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]]]
        bits[filled] = np.bitwise_or.reduceat(characters, offsets[filled] - offsets[0])
    return bits


def sound_perhaps(a: LetterBits, b: LetterBits) -> npt.NDArray[np.bool_]:
    """Whether two names could be spellings of one sound: no rule of `intake.names.sound` adds or takes B, L, M, N, R, X or A, both of
    V and W, or both of O and U."""
    perhaps: npt.NDArray[np.bool_] = (a & _KEPT) == (b & _KEPT)
    for either in (_VW, _OU):
        perhaps &= ((a & either) > 0) == ((b & either) > 0)
    return perhaps
