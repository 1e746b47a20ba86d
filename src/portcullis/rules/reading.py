"""From YAML nodes to predicates: every name checked against the catalogue, the agreement's lists and its thresholds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from portcullis.rules.document import Node
from portcullis.rules.fields import Catalogue, Field
from portcullis.rules.predicate import (
    AllOf,
    AnyOf,
    Bound,
    Compare,
    CountWithinBatch,
    DaysBetween,
    Is,
    NoneOf,
    OneOf,
    Order,
    Predicate,
    Present,
    ShareWithinBatch,
)

__all__ = ["VOCABULARY", "Names", "epoch_day", "read_predicate"]

_EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Names:
    """What a predicate may name: the catalogue's fields, the agreement's lists of values and its thresholds."""

    fields: Catalogue
    lists: Mapping[str, tuple[str, ...]]
    thresholds: Mapping[str, int | Decimal]


def epoch_day(day: dt.date) -> int:
    """Days since 1970-01-01."""
    return (day - _EPOCH).days


def read_predicate(node: Node, names: Names) -> Predicate:
    """One predicate. Raises Refused at the word that is unknown, missing or of the wrong type."""
    entries = node.mapping(optional=None)
    if len(entries) != 1:
        node.refuse("exactly one predicate is wanted here", f"it is one of {', '.join(VOCABULARY)}.", "Put several under all_of.")
    word, body = next(iter(entries.items()))
    reader = VOCABULARY.get(word)
    if reader is None:
        body.refuse(f"unknown predicate {word!r}", f"The vocabulary is closed: {', '.join(VOCABULARY)}.")
    return reader(body, names, word)


def _field(node: Node, names: Names, *types: str) -> Field:
    name = node.text()
    field = names.fields.get(name)
    if field is None:
        node.refuse(f"unknown field {name!r}", "It is not in the field catalogue.", "See agreements/fields.yaml.")
    if types and field.type not in types:
        node.refuse(f"the field {name!r} is of type {field.type}", f"This predicate takes {' or '.join(types)}.")
    return field


def _present(node: Node, names: Names, _word: str) -> Predicate:
    return Present(_field(node, names).name)


def _is(node: Node, names: Names, _word: str) -> Predicate:
    return Is(_field(node, names, "flag").name)


def _equals(node: Node, names: Names, word: str) -> Predicate:
    keys = node.mapping(("field", "value"))
    return _one_of(keys["field"], (keys["value"],), names, word)


def _listed(node: Node, names: Names, word: str) -> Predicate:
    keys = node.mapping(("field", "values"))
    return _one_of(keys["field"], keys["values"].items(), names, word)


def _one_of(field_node: Node, values: tuple[Node, ...], names: Names, word: str) -> OneOf:
    field = _field(field_node, names, "text", "int", "flag")
    if field.type == "text":
        return OneOf(field.name, tuple(value.text() for value in values), word)
    numbers = tuple(value.integer() for value in values)
    if field.type == "flag" and not set(numbers) <= {0, 1}:
        values[0].refuse("a flag is 0 or 1")
    return OneOf(field.name, numbers, word)


def _ref(node: Node, names: Names, word: str) -> Predicate:
    keys = node.mapping(("field", "list"))
    field, name = _field(keys["field"], names, "text"), keys["list"].text()
    if name not in names.lists:
        keys["list"].refuse(f"unknown list {name!r}", f"The agreement has: {', '.join(sorted(names.lists)) or 'none'}.")
    return OneOf(field.name, names.lists[name], word, name)


def _compare(node: Node, names: Names, word: str) -> Predicate:
    keys = node.mapping(("field", "value"))
    return Compare(_field(keys["field"], names, "int").name, word, _bound(keys["value"], names))


def _order(node: Node, names: Names, word: str) -> Predicate:
    keys = node.mapping(("field", "than"))
    field, than = _field(keys["field"], names, "date"), keys["than"]
    if isinstance(than.value, dt.date):
        return Order(field.name, word, epoch_day(than.value))
    return Order(field.name, word, _field(than, names, "date").name)


def _days(node: Node, names: Names, _word: str) -> Predicate:
    keys = node.mapping(("from", "to"), ("at_least", "at_most"))
    least, most = _bounds(node, keys, names)
    return DaysBetween(_field(keys["from"], names, "date").name, _field(keys["to"], names, "date").name, least, most)


def _count(node: Node, names: Names, _word: str) -> Predicate:
    keys = node.mapping(("by",), ("of", "at_least", "at_most"))
    least, most = _bounds(node, keys, names)
    of = _field(keys["of"], names).name if "of" in keys else None
    return CountWithinBatch(_by(keys["by"], names), of, least, most)


def _share(node: Node, names: Names, _word: str) -> Predicate:
    keys = node.mapping(("by",), ("at_least", "at_most"))
    least, most = _bounds(node, keys, names, share=True)
    return ShareWithinBatch(_by(keys["by"], names), least, most)


def _by(node: Node, names: Names) -> tuple[str, ...]:
    return tuple(_field(item, names).name for item in node.items())


def _bounds(node: Node, keys: Mapping[str, Node], names: Names, *, share: bool = False) -> tuple[Bound | None, Bound | None]:
    least, most = (_bound(keys[key], names, share=share) if key in keys else None for key in ("at_least", "at_most"))
    if least is None and most is None:
        node.refuse("a bound is missing", next_step="Add at_least or at_most.")
    return least, most


def _bound(node: Node, names: Names, *, share: bool = False) -> Bound:
    name, value = None, node.value
    if isinstance(value, Mapping):
        name = node.mapping(("threshold",))["threshold"].text()
        if name not in names.thresholds:
            node.refuse(f"unknown threshold {name!r}", f"The agreement has: {', '.join(sorted(names.thresholds)) or 'none'}.")
        value = names.thresholds[name]
    if share and isinstance(value, Decimal) and 0 <= value <= 1:
        numerator, denominator = value.as_integer_ratio()
        return Bound(numerator, denominator, name)
    if share or isinstance(value, bool) or not isinstance(value, int):
        node.refuse("a share is a decimal number from 0.0 to 1.0" if share else "a whole number is wanted here")
    return Bound(value, 1, name)


def _parts(node: Node, names: Names) -> tuple[Predicate, ...]:
    return tuple(read_predicate(item, names) for item in node.items())


def _all_of(node: Node, names: Names, _word: str) -> Predicate:
    return AllOf(_parts(node, names))


def _any_of(node: Node, names: Names, _word: str) -> Predicate:
    return AnyOf(_parts(node, names))


def _none_of(node: Node, names: Names, _word: str) -> Predicate:
    return NoneOf(_parts(node, names))


VOCABULARY: Mapping[str, Callable[[Node, Names, str], Predicate]] = {
    "present": _present,
    "equals": _equals,
    "one_of": _listed,
    "not_one_of": _listed,
    "is": _is,
    "at_least": _compare,
    "at_most": _compare,
    "days_between": _days,
    "before": _order,
    "after": _order,
    "count_within_batch": _count,
    "share_within_batch": _share,
    "all_of": _all_of,
    "any_of": _any_of,
    "none_of": _none_of,
    "ref": _ref,
}
"""Word to reader: the vocabulary of rules.md §3 and nothing else."""
