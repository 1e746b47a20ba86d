"""Invariants: what must hold of every answer, written from the statute in the rules' own vocabulary, and apart from the rules.

    - id: I-ADDRESS-ON-FILE
      says: No address leaves unless the supplied one is on file for that person.
      citation: 26 U.S.C. 6103(i)(2)(B)(i)
      source: T
      when: {is: number_given}          # optional; unknown counts as applying
      require: {is: address_confirmed}  # must be true of every answer
      person: never                     # never: whatever reviewers say · unknown: a reviewer who accepted may have supplied what was
                                        # unknown, never what was false · decides: a reviewer who accepted may have decided it
      switch: R18_period                # optional; asked only in that position
      of: [disclose, confirm]           # optional; by default every answer

The statute's own stand beside this module (`every.yaml`: for every agreement; `i2.yaml`: for its gate) and name no list or threshold of an
agreement, so that changing one cannot weaken them. An agreement may add its own in `invariants/*.yaml`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from portcullis.model import Decision
from portcullis.rules.document import Node, read
from portcullis.rules.predicate import Predicate
from portcullis.rules.prove.outcome import ANSWERS
from portcullis.rules.reading import Names, read_predicate
from portcullis.rules.rule import SOURCES, Switch
from portcullis.rules.ruleset import RuleSet

__all__ = ["Invariant", "gates", "own_invariants", "statute_invariants"]

PERSON = ("never", "unknown", "decides")
_HERE = Path(__file__).parent
_KEYS, _OPTIONAL = ("id", "says", "citation", "source", "require"), ("when", "person", "switch", "of")


@dataclass(frozen=True, slots=True)
class Invariant:
    """One claim about every answer; `person` says what a reviewer's acceptance may stand in for."""

    id: str
    says: str
    citation: str
    source: str
    require: Predicate
    when: Predicate | None = None
    person: str = "never"
    switch: Switch | None = None
    of: tuple[Decision, ...] = ANSWERS

    @property
    def predicates(self) -> tuple[Predicate, ...]:
        """What it reads."""
        return (self.require, *((self.when,) if self.when else ()))


def gates() -> frozenset[str]:
    """The legal gates for which the statute's invariants are written here."""
    return frozenset(_gate(path) for path in _HERE.glob("*.yaml")) - {""}


def _gate(path: Path) -> str:
    keys = read(path).mapping(("invariants",), ("gate",))
    return keys["gate"].text() if "gate" in keys else ""


def statute_invariants(ruleset: RuleSet, gate: str) -> tuple[Invariant, ...]:
    """The invariants for every agreement and for this gate; one about a switch that the agreement lacks is asked without it."""
    names = Names(ruleset.fields, {}, {})
    found = (one for path in sorted(_HERE.glob("*.yaml")) if _gate(path) in ("", gate) for one in _file(path, names))
    return tuple(one if one.switch is None or one.switch.name in ruleset.switches else replace(one, switch=None) for one in found)


def own_invariants(folder: Path, ruleset: RuleSet) -> tuple[Invariant, ...]:
    """The agreement's own, from `invariants/*.yaml`; they may name its lists and thresholds. Raises Refused with file, line, column."""
    names = Names(ruleset.fields, ruleset.lists, ruleset.thresholds)
    return tuple(one for path in sorted((folder / "invariants").glob("*.yaml")) for one in _file(path, names, frozenset(ruleset.switches)))


def _file(path: Path, names: Names, switches: frozenset[str] | None = None) -> Iterator[Invariant]:
    top = read(path, f"invariants/{path.name}").mapping(("invariants",), ("gate",))
    for item in top["invariants"].items():
        yield _one(item, names, switches)


def _one(node: Node, names: Names, switches: frozenset[str] | None) -> Invariant:
    keys = node.mapping(_KEYS, _OPTIONAL)
    return Invariant(
        keys["id"].text(),
        keys["says"].text(),
        keys["citation"].text(),
        keys["source"].text(SOURCES),
        read_predicate(keys["require"], names),
        read_predicate(keys["when"], names) if "when" in keys else None,
        keys["person"].text(PERSON) if "person" in keys else "never",
        _switch(keys["switch"], switches) if "switch" in keys else None,
        tuple(Decision(item.text(tuple(ANSWERS))) for item in keys["of"].items()) if "of" in keys else ANSWERS,
    )


def _switch(node: Node, switches: frozenset[str] | None) -> Switch:
    name = node.text()
    switch = Switch(name.removeprefix("not "), not name.startswith("not "))
    if switches is not None and switch.name not in switches:
        node.refuse(f"unknown switch {switch.name!r}", f"The agreement has: {', '.join(sorted(switches)) or 'none'}.")
    return switch
