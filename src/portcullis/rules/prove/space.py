"""The typed facts as Z3 sees them: each is known or not, and has a whole number as value.

A text is a code: one per constant that a predicate compares it with, and one for every other text; no predicate tells more apart. A
count within the batch is any number a batch could give, known where every field of its key is: at least this row itself, at most all
rows. So every request that can be typed is in the space; some that cannot be typed are too, which makes a proof stronger, never weaker.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import z3

from portcullis.errors import OutOfOrder
from portcullis.rules.fields import FIRST_DAY, LAST_DAY, Catalogue
from portcullis.rules.predicate import CountWithinBatch, OneOf, Predicate, ShareWithinBatch, walk

__all__ = ["LIMITS", "OTHER", "Count", "Fact", "Key", "Row", "Space", "key_of"]

Row = dict[str, int | str | None]
Key = tuple[tuple[str, ...], str | None]

LIMITS: Mapping[str, tuple[int, int]] = {"flag": (0, 1), "date": (FIRST_DAY, LAST_DAY), "int": (-(2**63), 2**63 - 1)}
"""The values each type may have; the same as rules.run checks before any engine sees them."""

OTHER = "(any other text)"


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact: whether it is known, its value, and for text the constants its codes stand for (the last code is any other text)."""

    name: str
    known: Any
    value: Any
    texts: tuple[str, ...] | None

    def equals(self, wanted: int | str | None) -> Any:
        """That the fact has this value; None is unknown."""
        return z3.Not(self.known) if wanted is None else z3.And(self.known, self.value == self.code(wanted))

    def code(self, value: int | str) -> int:
        """The number that stands for a value."""
        if self.texts is None:
            return int(value)
        return self.texts.index(str(value)) if value in self.texts else len(self.texts)

    def read(self, model: Any, other: str = OTHER) -> int | str | None:
        """The value a model gives; `other` stands for a text that is none of the constants."""
        if not z3.is_true(model.eval(self.known, model_completion=True)):
            return None
        value = model.eval(self.value, model_completion=True).as_long()
        return int(value) if self.texts is None else (*self.texts, other)[value]


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows share this row's key (or different values stand among them); known when the whole key is."""

    known: Any
    value: Any


def key_of(predicate: CountWithinBatch | ShareWithinBatch) -> Key:
    """What is counted: rows with equal fields, or the different values of another among them."""
    return (predicate.by, predicate.of if isinstance(predicate, CountWithinBatch) else None)


class Space:
    """Every fact that some predicate reads, the counts, the number of rows, and the switches, with what bounds them."""

    def __init__(
        self,
        catalogue: Catalogue,
        predicates: Iterable[Predicate],
        switches: Sequence[str],
        always: Sequence[str] = (),
        limits: Mapping[str, tuple[int, int]] = LIMITS,
    ) -> None:
        """`always` are facts wanted beside those the predicates read. Raises OutOfOrder for a fact that the catalogue does not have."""
        parts = [part for predicate in predicates for part in walk(predicate)]
        self._catalogue, self._limits = catalogue, limits
        constants: dict[str, set[str]] = {}
        names = set(always)
        for part in parts:
            names |= _named(part)
            if isinstance(part, OneOf):
                constants.setdefault(part.field, set()).update(value for value in part.values if isinstance(value, str))
        self.facts = {name: self._fact(name, constants.get(name, set())) for name in sorted(names)}
        self.total = z3.Int("rows in batch")
        keys = {key_of(part): None for part in parts if isinstance(part, CountWithinBatch | ShareWithinBatch)}
        self.counts = {key: self._count(number, key) for number, key in enumerate(keys)}
        self.switches = {name: z3.Bool(f"switch {name}") for name in switches}

    def _fact(self, name: str, constants: set[str]) -> Fact:
        field = self._catalogue.get(name)
        if field is None:
            raise OutOfOrder(
                f"There is no fact {name!r} in the catalogue.", "A proof speaks of typed facts.", "See agreements/fields.yaml."
            )
        texts = tuple(sorted(constants)) if field.type == "text" else None
        return Fact(name, z3.Bool(f"{name} known"), z3.Int(name), texts)

    def _count(self, number: int, key: Key) -> Count:
        return Count(z3.And(*[self.facts[name].known for name in key[0]]), z3.Int(f"count {number}"))

    @cached_property
    def domain(self) -> list[Any]:
        """What holds of every request and every batch."""
        bounds = [self.total >= 1]
        for fact in self.facts.values():
            low, high = (0, len(fact.texts)) if fact.texts is not None else self._limits[self._catalogue[fact.name].type]
            bounds.append(z3.And(fact.value >= low, fact.value <= high))
        for (by, of), count in self.counts.items():
            bounds += [count.value <= self.total, count.value >= (1 if of is None else z3.If(self.facts[of].known, 1, 0))]
            if of is not None and (by, None) in self.counts:
                bounds.append(count.value <= self.counts[by, None].value)
        return bounds

    def row(self, model: Any, like: Mapping[str, int | str | None]) -> Row:
        """The facts of a model. A text that is none of the constants is `like`'s own where that is none of them either."""
        row: Row = {}
        for name, fact in self.facts.items():
            own = like.get(name)
            row[name] = fact.read(model, own if isinstance(own, str) and own not in (fact.texts or ()) else OTHER)
        return row


def _named(part: Predicate) -> set[str]:
    from_fields = [getattr(part, name, None) for name in ("field", "than", "start", "end", "of")]
    return {name for name in (*from_fields, *getattr(part, "by", ())) if isinstance(name, str)}
