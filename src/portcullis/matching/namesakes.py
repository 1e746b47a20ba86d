"""Whether two people could have family names that agree at all, told from letters alone: most people at a door need not be read.

Each bound is a consequence of what compare/family.py calls agreement, so nobody whose name agrees is passed over:

1. A missing family name, or one of several words, is always read.
2. The same core word has the same letters.
3. Names within so many edits differ in at most twice as many letters.
4. One name that begins with the other has all its letters.
5. Spellings of one sound agree in the letters no spelling rule touches (B L M N R X A), in V or W, and in O or U.
6. The same words in other fields: each one's family name has only letters that occur somewhere in the other's whole name.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.matching.letters import ALPHABET, LetterBits, letter_bits, sound_perhaps
from portcullis.matching.scalars import FALSE, NONE, ONE, TRUE, ZERO_LENGTH

__all__ = ["MARKS", "NameMarks", "agree_perhaps", "all_letters", "family_marks", "given_letters", "middle_letters", "name_marks"]

Rows = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
NameMarks = dict[str, npt.NDArray[np.uint32]]
MARKS = ("letters_family", "letters_core", "letters_all", "length")
_READ = np.uint32(1 << 31)


def family_marks(names: pa.Table) -> NameMarks:
    """`letters_family`, `letters_core` and `length` of family names; the highest bit of the first says that the name is always read."""
    family, core = letter_bits(names["family"]), letter_bits(pc.replace_substring(names["family_tokens"], " ", ""))
    several = np.asarray(pc.fill_null(pc.match_substring(names["family_tokens"], " "), TRUE))
    missing = np.asarray(pc.or_(pc.is_null(names["family"]), pc.is_null(names["family_tokens"])))
    length = np.asarray(pc.fill_null(pc.utf8_length(names["family"]), ZERO_LENGTH)).astype(np.uint32)
    return {"letters_family": np.where(several | missing, family | _READ, family), "letters_core": core, "length": length}


def given_letters(names: pa.Table) -> LetterBits:
    """The letters of all given names."""
    found: LetterBits = letter_bits(names["given"]) | letter_bits(names["given_first"]) | letter_bits(names["given_rest"])
    return found


def middle_letters(names: pa.Table) -> LetterBits:
    """The letters of a second name written in full."""
    full = pc.greater(pc.utf8_length(names["middle"]), ONE)
    return letter_bits(pc.if_else(pc.fill_null(full, FALSE), names["middle"], NONE))


def all_letters(family: NameMarks, given: LetterBits, middle: LetterBits) -> LetterBits:
    """The letters of a whole name."""
    found: LetterBits = given | middle | (family["letters_family"] & ALPHABET) | family["letters_core"]
    return found


def name_marks(names: pa.Table) -> NameMarks:
    """MARKS of standardised names (NAME_SCHEMA)."""
    family = family_marks(names)
    return family | {"letters_all": all_letters(family, given_letters(names), middle_letters(names))}


def agree_perhaps(asked: NameMarks, left: Rows, filed: NameMarks, right: Rows) -> Flags:
    """Whether the names of rows `left` and `right` could agree in family name, or have the same words in other fields."""
    a, b = asked["letters_family"][left], filed["letters_family"][right]
    read = ((a | b) & _READ) > 0
    a, b = a & ALPHABET, b & ALPHABET
    short = np.minimum(asked["length"][left], filed["length"][right])
    edits = np.where(short >= 9, 3, np.where(short >= 6, 2, np.where(short >= 3, 1, 0)))
    core_a, core_b = asked["letters_core"][left], filed["letters_core"][right]
    perhaps: Flags = read | (core_a == core_b) | (np.bitwise_count(a ^ b) <= 2 * edits)
    perhaps |= ((a & ~b) == 0) | ((b & ~a) == 0) | sound_perhaps(a, b)
    perhaps |= ((core_a & ~filed["letters_all"][right]) == 0) & ((core_b & ~asked["letters_all"][left]) == 0)
    return perhaps
