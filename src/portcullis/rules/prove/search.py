"""Questions to Z3: is there a request such that …, and which one is most like a given one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import z3

from portcullis.errors import OutOfOrder

__all__ = ["Search"]


class Search:
    """One solver over one space. Every question is a set of conditions that must hold together."""

    def __init__(self, always: Sequence[Any]) -> None:
        """`always` holds in every answer."""
        self._solver = z3.SolverFor("QF_LIA")
        self._solver.add(*always)
        self._literals: dict[int, Any] = {}
        self._kept: list[Any] = []
        self.asked = 0

    def find(self, *conditions: Any) -> Any | None:
        """A model in which all conditions hold, or None when there is certainly none. Raises OutOfOrder when Z3 cannot tell."""
        return self._check([self._literal(condition) for condition in conditions])

    def possible(self, *conditions: Any) -> bool:
        """Whether all conditions can hold together; cheaper than a model."""
        return self._holds([self._literal(condition) for condition in conditions])

    def why_not(self, *conditions: Any) -> list[int] | None:
        """None when the conditions can hold together, else the places of some that already cannot."""
        literals = [self._literal(condition) for condition in conditions]
        if self._holds(literals):
            return None
        core = {literal.get_id() for literal in self._solver.unsat_core()}
        return [place for place, literal in enumerate(literals) if literal.get_id() in core]

    def nearest(self, conditions: Sequence[Any], wishes: Sequence[Any], *, roughly: bool = False) -> Any | None:
        """A model of the conditions in which as many wishes hold as can be added one by one; None when there is no model.

        `roughly` leaves the wishes that were in any conflict.
        """
        firm, kept = [self._literal(each) for each in conditions], [self._literal(each) for each in wishes]
        dropped: list[Any] = []
        while (model := self._check([*firm, *kept])) is None:
            core = {literal.get_id() for literal in self._solver.unsat_core()}
            out = [literal for literal in kept if literal.get_id() in core]
            if not out:
                return None
            dropped += out
            kept = [literal for literal in kept if literal.get_id() not in core]
        for literal in () if roughly else dropped:
            better = self._check([*firm, *kept, literal])
            if better is not None:
                model, kept = better, [*kept, literal]
        return model

    def _literal(self, condition: Any) -> Any:
        """A fresh name that implies the condition, so that the solver keeps what it has learnt between questions."""
        if condition.get_id() not in self._literals:
            literal = z3.Bool(f"question {len(self._literals)}")
            self._solver.add(z3.Implies(literal, condition))
            self._literals[condition.get_id()] = literal
            self._kept.append(condition)  # an id is only unique while the condition lives
        return self._literals[condition.get_id()]

    def _check(self, literals: Sequence[Any]) -> Any | None:
        return self._solver.model() if self._holds(literals) else None

    def _holds(self, literals: Sequence[Any]) -> bool:
        self.asked += 1
        answer = self._solver.check(*literals)
        if answer == z3.unknown:
            raise OutOfOrder("Z3 could not decide a question.", self._solver.reason_unknown(), "Nothing is proved; report the agreement.")
        return bool(answer == z3.sat)
