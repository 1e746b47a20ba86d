"""That the rules forbid neither too much nor nothing: answers are possible, each rule can stop a request alone, none contradicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import z3

from portcullis.rules.prove.encode import Judged, Ruled
from portcullis.rules.prove.search import Search
from portcullis.rules.prove.space import Space
from portcullis.rules.rule import Rule

__all__ = ["Alone", "contradictions", "first_uncovered", "independence", "shadowed"]


@dataclass(frozen=True, slots=True)
class Alone:
    """Whether a rule can be the only one that stops a request; if not, the rules that then always stop it too."""

    rule: Rule
    possible: bool
    others: tuple[str, ...]


def first_uncovered(search: Search, space: Space, possible: Any, within: Any, wishes: Sequence[Any] = ()) -> dict[str, bool] | None:
    """A position of the switches under which nothing is possible, or None when there is none.

    A request found under one position serves for every other under which the same facts do: those are struck off, until none is left.
    """
    left = within
    while (model := search.nearest([left, possible], wishes)) is not None:
        fixed = [(fact.known, model.eval(fact.known, model_completion=True)) for fact in space.facts.values()]
        numbers = [*(fact.value for fact in space.facts.values()), *(count.value for count in space.counts.values()), space.total]
        fixed += [(number, model.eval(number, model_completion=True)) for number in numbers]
        left = z3.simplify(z3.And(left, z3.Not(z3.substitute(possible, *fixed))))
    missing = search.find(left)
    if missing is None:
        return None
    return {name: z3.is_true(missing.eval(on, model_completion=True)) for name, on in space.switches.items()}


def independence(search: Search, rules: Sequence[Ruled]) -> list[Alone]:
    """For each rule, whether some request is stopped by it and by no other."""
    by_id: dict[str, list[Ruled]] = {}
    for ruled in rules:
        by_id.setdefault(ruled.rule.id, []).append(ruled)
    stops = {name: z3.Or(*[z3.Or(part.fail, part.refer) for part in parts]) for name, parts in by_id.items()}
    passes = {name: z3.Not(stop) for name, stop in stops.items()}
    found = []
    for name, parts in by_id.items():
        others = [other for other in by_id if other != name]
        core = search.why_not(stops[name], *[passes[other] for other in others])
        needed = tuple(others[place - 1] for place in core or () if place)
        found.append(Alone(parts[0].rule, core is None, needed))
    return found


def contradictions(search: Search, rules: Sequence[Ruled], answered: Any) -> tuple[str, ...]:
    """Checks that apply and pass in no request that is answered: whoever meets them is refused elsewhere."""
    wanting = {_named(judged): judged.passes for ruled in rules for judged in ruled.checks}
    found = []
    while wanting:
        name, passes = next(iter(wanting.items()))
        model = search.find(answered, passes)
        if model is None:
            found.append(f"{name} never passes in a request that is answered")
            del wanting[name]
            continue
        wanting = {other: its for other, its in wanting.items() if other != name and not z3.is_true(model.eval(its, model_completion=True))}
    return tuple(found)


def shadowed(search: Search, rules: Sequence[Ruled]) -> tuple[str, ...]:
    """Checks that never stop a request alone: wherever one does, another check does as well."""
    checks = [judged for ruled in rules for judged in ruled.checks]
    good = [z3.Not(judged.bad) for judged in checks]
    found = []
    for place, judged in enumerate(checks):
        rest = [*good[:place], *good[place + 1 :]]
        core = search.why_not(judged.bad, *rest)
        if core is not None:
            others = [*checks[:place], *checks[place + 1 :]]
            found.append(f"{_named(judged)}, shadowed by {', '.join(_named(others[at - 1]) for at in core if at) or 'itself'}")
    return tuple(found)


def _named(judged: Judged) -> str:
    return f"{judged.rule.id} check {judged.number + 1} ({judged.check.reason})"
