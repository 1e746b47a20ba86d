"""That the rules forbid neither too much nor nothing: answers are possible, each rule can stop a request alone, none contradicts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import z3

from portcullis.rules.prove.encode import Judged, Ruled
from portcullis.rules.prove.search import Search
from portcullis.rules.prove.space import Space
from portcullis.rules.rule import Rule

__all__ = ["Alone", "contradictions", "first_uncovered", "independence", "never_passing", "shadowed"]


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
    lone = _alone(search, "rule", list(stops.values()))
    found = []
    for (name, parts), possible in zip(by_id.items(), lone, strict=True):
        others = [other for other in by_id if other != name]
        core = [] if possible else search.why_not(stops[name], *[z3.Not(stops[other]) for other in others])
        found.append(Alone(parts[0].rule, possible, tuple(others[place - 1] for place in core or () if place)))
    return found


def _alone(search: Search, name: str, stops: Sequence[Any]) -> list[bool]:
    """For each condition, whether it can hold alone; a number says which one may, so that each question is short."""
    only = z3.Int(f"only {name}")
    others_pass = z3.And(*[z3.Or(only == place, z3.Not(stop)) for place, stop in enumerate(stops)])
    return [search.possible(others_pass, only == place, stop) for place, stop in enumerate(stops)]


def contradictions(search: Search, rules: Sequence[Ruled], answered: Any) -> tuple[str, ...]:
    """Checks that apply and pass in no request that is answered: whoever meets them is refused elsewhere."""
    return tuple(f"{_named(judged)} never passes in a request that is answered" for judged in never_passing(search, rules, answered))


def never_passing(search: Search, rules: Sequence[Ruled], answered: Any) -> Iterator[Judged]:
    """The same checks themselves."""
    wanting = {_named(judged): judged for ruled in rules for judged in ruled.checks}
    first = search.nearest([answered], [judged.passes for judged in wanting.values()], roughly=True)  # most pass in one request
    if first is not None:
        wanting = _still(wanting, first)
    while wanting:
        name, judged = next(iter(wanting.items()))
        model = search.find(answered, judged.passes)
        wanting = {other: its for other, its in (wanting if model is None else _still(wanting, model)).items() if other != name}
        if model is None:
            yield judged


def _still(wanting: Mapping[str, Judged], model: Any) -> dict[str, Judged]:
    """Those that do not pass in this request."""
    return {name: judged for name, judged in wanting.items() if not z3.is_true(model.eval(judged.passes, model_completion=True))}


def shadowed(search: Search, rules: Sequence[Ruled]) -> tuple[str, ...]:
    """Checks that never stop a request alone: wherever one does, another check does as well."""
    checks = [judged for ruled in rules for judged in ruled.checks]
    found = []
    for judged, possible in zip(checks, _alone(search, "check", [each.bad for each in checks]), strict=True):
        if not possible:
            others = [each for each in checks if each is not judged]
            core = search.why_not(judged.bad, *[z3.Not(each.bad) for each in others])
            found.append(f"{_named(judged)}, shadowed by {', '.join(_named(others[at - 1]) for at in core or () if at) or 'itself'}")
    return tuple(found)


def _named(judged: Judged) -> str:
    return f"{judged.rule.id} check {judged.number + 1} ({judged.check.reason})"
