"""The closed vocabulary: fifteen predicates over typed facts, three-valued (true, false, unknown).

present                          {present: f}                                   known at all; the only one that is never unknown
is                               {is: f}                                        a flag is 1
equals                           {equals: {field: f, value: v}}
one_of, not_one_of               {one_of: {field: f, values: [v, …]}}
ref                              {ref: {field: f, list: name}}                  the value stands in a list of the agreement
at_least, at_most                {at_most: {field: f, value: n}}                whole numbers
before, after                    {before: {field: d, than: d2}}                 days, strictly; `than` is a field or a date
days_between                     {days_between: {from: d, to: d2, at_least: n, at_most: n}}
count_within_batch               {count_within_batch: {by: [f], of: g, at_most: n}}   rows with equal `by`, or different `of` among them
share_within_batch               {share_within_batch: {by: [f], at_most: 0.02}}       the same as a share of all rows, exact
all_of, any_of, none_of          {all_of: [predicate, …]}                       Kleene: unknown decides only where nothing else does

A number may be `{threshold: name}`, a figure named in the agreement. A predicate whose field is null is unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = [
    "AllOf",
    "AnyOf",
    "Bound",
    "Compare",
    "CountWithinBatch",
    "DaysBetween",
    "Is",
    "NoneOf",
    "OneOf",
    "Order",
    "Predicate",
    "Present",
    "ShareWithinBatch",
    "WithinBatch",
    "fields_of",
    "walk",
]


@dataclass(frozen=True, slots=True)
class Bound:
    """A whole number or, for shares, a fraction `value / unit`; `threshold` is its name in the agreement, if it has one."""

    value: int
    unit: int = 1
    threshold: str | None = None


@dataclass(frozen=True, slots=True)
class Present:
    """The field is known."""

    field: str


@dataclass(frozen=True, slots=True)
class Is:
    """The flag is 1."""

    field: str


@dataclass(frozen=True, slots=True)
class OneOf:
    """The value is one of `values`; `form` is how it was written: equals, one_of, not_one_of (then negated) or ref (then `list`)."""

    field: str
    values: tuple[str, ...] | tuple[int, ...]
    form: str
    list: str | None = None


@dataclass(frozen=True, slots=True)
class Compare:
    """A whole number is at least or at most a bound."""

    field: str
    form: str
    bound: Bound


@dataclass(frozen=True, slots=True)
class Order:
    """A day is strictly before or after another field's day, or a constant one (epoch days)."""

    field: str
    form: str
    than: str | int


@dataclass(frozen=True, slots=True)
class DaysBetween:
    """The days from `start` to `end` are within bounds."""

    start: str
    end: str
    at_least: Bound | None
    at_most: Bound | None


@dataclass(frozen=True, slots=True)
class CountWithinBatch:
    """How many rows of the batch have the same `by`, or how many different `of` stand among them, is within bounds."""

    by: tuple[str, ...]
    of: str | None
    at_least: Bound | None
    at_most: Bound | None


@dataclass(frozen=True, slots=True)
class ShareWithinBatch:
    """The share of the batch's rows that have the same `by` is within bounds."""

    by: tuple[str, ...]
    at_least: Bound | None
    at_most: Bound | None


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part is true."""

    parts: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part is true."""

    parts: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class NoneOf:
    """No part is true."""

    parts: tuple[Predicate, ...]


WithinBatch = CountWithinBatch | ShareWithinBatch
Predicate = Present | Is | OneOf | Compare | Order | DaysBetween | CountWithinBatch | ShareWithinBatch | AllOf | AnyOf | NoneOf


def walk(predicate: Predicate) -> Iterator[Predicate]:
    """The predicate and every part of it, in the order written."""
    yield predicate
    if isinstance(predicate, AllOf | AnyOf | NoneOf):
        for part in predicate.parts:
            yield from walk(part)


def fields_of(predicate: Predicate) -> frozenset[str]:
    """The names of every fact the predicate reads."""
    return frozenset(name for part in walk(predicate) for name in _own_fields(part))


def _own_fields(part: Predicate) -> tuple[str, ...]:
    match part:
        case Present(field) | Is(field) | OneOf(field) | Compare(field):
            return (field,)
        case Order(field, _, than):
            return (field, than) if isinstance(than, str) else (field,)
        case DaysBetween(start, end):
            return (start, end)
        case CountWithinBatch(by, of):
            return (*by, of) if of else by
        case ShareWithinBatch(by):
            return by
    return ()
