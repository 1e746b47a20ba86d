"""A broken claim as one concrete request, as like the lawful one as can be, replayed before anybody sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import duckdb
import z3

from portcullis.errors import OutOfOrder
from portcullis.rules.prove.invariant import Invariant
from portcullis.rules.prove.outcome import Outcome
from portcullis.rules.prove.replay import Replayed, Request, kept, others_of, replay
from portcullis.rules.prove.report import Counterexample, differences
from portcullis.rules.prove.search import Search
from portcullis.rules.prove.space import Key, Space
from portcullis.rules.ruleset import RuleSet

__all__ = ["Examples"]

Facts = Mapping[str, int | str | None]


@dataclass(frozen=True)
class Examples:
    """Counterexamples over one space. `like` is a lawful request; without one, any that `lawful` and the wishes `keeps` describe."""

    ruleset: RuleSet
    answer: str
    space: Space
    outcome: Outcome
    search: Search
    like: Facts | None
    lawful: Any
    keeps: Sequence[Any]

    def of(self, invariant: Invariant, violated: Any) -> Counterexample:
        """The request that breaks it. Raises OutOfOrder when the gateway's own code, asked about the same request, keeps it."""
        request = self._request(self.search.nearest([violated, self.outcome.excluded], self.wishes(self._base)))
        replayed = replay(self.ruleset, request, self.answer, self._con)
        if kept(invariant, request, replayed):
            raise OutOfOrder(
                f"A counterexample to {invariant.id} is none when it is replayed.",
                "The rules as Z3 reads them are not the rules as DuckDB runs them.",
                "Nothing is proved; report the agreement.",
            )
        facts = {name: value for name, value in request.row.items() if value is not None}
        return Counterexample(invariant.id, facts, tuple(self._lines(invariant, request, replayed)))

    def _lines(self, invariant: Invariant, request: Request, replayed: Replayed) -> Iterator[str]:
        changed = differences(request.row, self._base, self.ruleset.fields)
        usual = self.ruleset.positions()
        turned = [f"{name} is {'on' if on else 'off'}" for name, on in request.switches.items() if usual[name] != on]
        yield f"{invariant.id} fails. {invariant.says}"
        yield f"  {invariant.citation}"
        yield "  A request like the lawful one" + (", except:" if changed else ":")
        yield from changed
        if request.others:
            yield f"    in a batch of {len(request.rows)} rows"
        yield "  Switches: " + (", ".join(turned) if turned else "as they are by default")
        if replayed.referred:
            yield f"  A reviewer accepted it, for {', '.join(replayed.referred)}."
        else:
            yield "  No rule refuses it, and nobody has to look at it."
        yield f"  The gateway would answer: {replayed.decision}. Replayed on DuckDB: confirmed."

    def wishes(self, base: Facts) -> list[Any]:
        """What a readable counterexample has: nobody reviewed it, alone in its batch, switches as usual, facts as in the base."""
        based = [(fact, base[name]) for name, fact in self.space.facts.items() if name in base]
        wishes = [z3.Not(self.outcome.accepted), *self._plain(), *self._usual(), *(fact.equals(value) for fact, value in based)]
        return [*wishes, *(fact.known for fact, value in based if value is not None)]  # a wrong value reads better than an unknown one

    @cached_property
    def _base(self) -> Facts:
        if self.like is not None:
            return self.like
        model = self.search.nearest([self.lawful], [*self._usual(), *self.keeps, *self._plain()])
        return {} if model is None else self.space.row(model, {})

    @cached_property
    def _con(self) -> Any:
        return duckdb.connect(":memory:")

    def _plain(self) -> list[Any]:
        """Alone in its batch, or at least in a small one."""
        return [self.space.total <= 1, self.space.total <= 100, *(count.value <= 1 for count in self.space.counts.values())]

    def _usual(self) -> list[Any]:
        """Every switch as it is by default."""
        usual = self.ruleset.positions()
        return [on if usual[name] else z3.Not(on) for name, on in self.space.switches.items()]

    def _request(self, model: Any) -> Request:
        row = self.space.row(model, self._base)
        counts: dict[Key, int] = {key: _number(model, count.value) for key, count in self.space.counts.items() if _true(model, count.known)}
        switches = {name: _true(model, on) for name, on in self.space.switches.items()}
        return Request(row, others_of(row, counts, _number(model, self.space.total)), switches, _true(model, self.outcome.accepted))


def _true(model: Any, condition: Any) -> bool:
    return bool(z3.is_true(model.eval(condition, model_completion=True)))


def _number(model: Any, value: Any) -> int:
    return int(model.eval(value, model_completion=True).as_long())
