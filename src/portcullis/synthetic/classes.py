"""The classes of rows in a batch: what the reported process of 2025 would make of each, and why. The shares are in `june`."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["ON_REGISTER", "RELEASED_2025", "RowClass"]


class RowClass(IntEnum):
    """What a row is. `NUMBER_…` rows state a taxpayer number, the others do not."""

    NUMBER_ON_FILE = 0
    """Name and number of a registered person; the address is on file for that person."""
    NUMBER_OTHER_ADDRESS = 1
    """The same; a full address that is not on file for that person."""
    NUMBER_DEFICIENT = 2
    """The same; a placeholder or incomplete address in which some number of five or nine digits stands."""
    NUMBER_BLANK = 3
    """The same; nothing, or words without such a number."""
    NUMBER_NAME_DIFFERS = 4
    """The number of a registered person under another surname; the address is on file for that person."""
    NUMBER_NO_HIT = 5
    """A number that nobody on the register has; the person is not on the register."""
    ADDRESS_ON_FILE = 6
    """Name and address of a registered person, letter for letter."""
    ADDRESS_NEAR = 7
    """The same with one letter of the street amiss."""
    ADDRESS_MOVED = 8
    """A registered person's name; a full address that is not on file."""
    NAMESAKE_ABSENT = 9
    """A person not on the register who has the name and the address of one who is (father and son)."""
    KIN_ABSENT = 10
    """A person not on the register at the address of registered kin, with another given name."""
    ADDRESS_DEFICIENT = 11
    """No number, a placeholder or incomplete address; the person is not on the register."""
    STRANGER = 12
    """A full address, and a person who is not on the register."""


_C = RowClass
ON_REGISTER = (
    _C.NUMBER_ON_FILE,
    _C.NUMBER_OTHER_ADDRESS,
    _C.NUMBER_DEFICIENT,
    _C.NUMBER_BLANK,
    _C.NUMBER_NAME_DIFFERS,
    _C.ADDRESS_ON_FILE,
    _C.ADDRESS_NEAR,
    _C.ADDRESS_MOVED,
)
"""Classes whose person is on the register."""
RELEASED_2025 = (_C.NUMBER_ON_FILE, _C.NUMBER_OTHER_ADDRESS, _C.NUMBER_DEFICIENT, _C.ADDRESS_ON_FILE, _C.NAMESAKE_ABSENT)
"""Classes that the reported process answers."""
