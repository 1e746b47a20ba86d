"""The three ways a thing can go wrong.

`Refused`     their data, or what somebody asked for, is not acceptable. A normal end: said plainly, recorded where a batch is named.
`OutOfOrder`  our own steps were called in an order that cannot be. A defect in the program; nothing was changed.
`Tampered`    evidence does not agree with itself. Everything stops until a person has looked.

Every message says what, why and what to do next, and never holds a personal value: values come from the caller's own
vocabulary (column names, codes, counts, ids), never from the rows.
"""

from __future__ import annotations

__all__ = ["OutOfOrder", "PortcullisError", "Refused", "Tampered"]


class PortcullisError(Exception):
    """What, why and what next, in three sentences a person can act on.

    `code` is a reason code of rules.md where one applies.
    """

    def __init__(self, what: str, why: str = "", next_step: str = "", *, code: str | None = None) -> None:
        self.what, self.why, self.next_step, self.code = what, why, next_step, code
        super().__init__(" ".join(part for part in (what, why, next_step) if part))


class Refused(PortcullisError):
    """Their data: the input is not acceptable, and why."""


class OutOfOrder(PortcullisError):
    """Our bug: a step was attempted that its state does not allow."""


class Tampered(PortcullisError):
    """Evidence contradicts itself; nothing goes on."""
