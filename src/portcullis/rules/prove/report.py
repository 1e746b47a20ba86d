"""What was proved, what not, and the counterexamples as a person would read them."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

from portcullis.crypto import canonical
from portcullis.rules.fields import Catalogue, Field
from portcullis.rules.prove.space import Row

__all__ = ["NOT_PROVED", "Counterexample", "Holds", "Report", "differences"]

NOT_PROVED = (
    "That raw text is typed rightly (tested, not proved); that the register, the keys and the people are what they say; that the program "
    "around the tables does what they say (tested, and checked again from the ledger). A person's judgement is a free choice here."
)
_EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Holds:
    """One claim and whether it holds. `kind`: answer, release, vacuity or independence.

    `person`: what a reviewer's acceptance may stand in for. `rests_on_person`: without that allowance it would not hold.
    `rests_on_review`: it holds only because reviewers cannot accept where several people could be meant.
    """

    id: str
    says: str
    citation: str
    holds: bool
    kind: str
    person: str = "never"
    rests_on_person: bool = False
    rests_on_review: bool = False


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A request or a release that breaks a claim: the facts, and the same as lines to read."""

    invariant: str
    facts: Mapping[str, int | str | None]
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """The whole proof. `contradictions` and `shadowed` are for people to look at; `proved` does not depend on them."""

    agreement: str
    rules: str
    invariants: tuple[Holds, ...]
    counterexamples: tuple[Counterexample, ...]
    contradictions: tuple[str, ...]
    shadowed: tuple[str, ...]
    questions: int
    seconds: float

    @property
    def proved(self) -> bool:
        """Every claim holds."""
        return all(one.holds for one in self.invariants)

    @property
    def hash(self) -> str:
        """SHA-256 (hex) over all but the time it took: what an adoption records."""
        left_out = ("seconds", "questions", "counterexamples")
        body = {name: value for name, value in self._body().items() if name not in left_out}
        return hashlib.sha256(canonical({**body, "counterexamples": [list(one.lines) for one in self.counterexamples]})).hexdigest()

    def _body(self) -> dict[str, object]:
        return {
            "proved": self.proved,
            "agreement": self.agreement,
            "rules": self.rules,
            "invariants": [asdict(one) for one in self.invariants],
            "counterexamples": [{**asdict(one), "lines": list(one.lines)} for one in self.counterexamples],
            "contradictions": list(self.contradictions),
            "shadowed": list(self.shadowed),
            "not_proved": NOT_PROVED,
            "questions": self.questions,
            "seconds": self.seconds,
        }

    def as_json(self) -> dict[str, object]:
        """The report as interface.md names it, and more."""
        return {**self._body(), "proof": self.hash}

    def text(self) -> str:
        """The report for people."""
        lines = [f"{'holds' if one.holds else 'FAILS'}  {one.id:22}{one.says}{_rests(one)}" for one in self.invariants]
        for example in self.counterexamples:
            lines += ["", *example.lines]
        lines += [f"contradiction: {line}" for line in self.contradictions]
        lines += [f"never decides alone: {line}" for line in self.shadowed]
        held = sum(one.holds for one in self.invariants)
        word = "Proved" if self.proved else "NOT proved"
        summary = f"{word}: {held} of {len(self.invariants)} claims hold for every typed request and every position of the switches"
        return "\n".join([*lines, "", f"{summary}; {self.questions} questions, {self.seconds} s.", f"Not proved: {NOT_PROVED}"])


def _rests(one: Holds) -> str:
    person = " [rests on a reviewer's judgement]" if one.rests_on_person else ""
    return person + (" [rests on reviewers not accepting where several people could be meant]" if one.rests_on_review else "")


def differences(row: Row, base: Mapping[str, int | str | None], fields: Catalogue) -> list[str]:
    """What a request has otherwise than the base, one line per fact, under who states it: as somebody would fill in the form."""
    lines: list[str] = []
    for part, its in _PARTS:
        changed = [name for name in row if row[name] != base.get(name) and its(fields[name])]
        lines += [f"   {part}"] if changed else []
        for name in changed:
            now, before = (_shown(value.get(name), fields[name].type) for value in (row, base))
            lines.append(f"    {name}: {now}, not {before}   ({fields[name].meaning.replace('1 when', 'yes when')})")
    return lines


_PARTS: tuple[tuple[str, Callable[[Field], bool]], ...] = (
    ("Of the batch:", lambda field: field.scope == "batch"),
    ("What the request states:", lambda field: field.scope == "request" and field.stage == "check"),
    ("Of the officers engaged:", lambda field: field.scope == "officer"),
    ("What the register says:", lambda field: field.scope == "request" and field.stage == "match"),
)


def _shown(value: int | str | None, kind: str) -> str:
    if value is None or kind == "flag":
        return "unknown" if value is None else "yes" if value else "no"
    return str(_EPOCH + dt.timedelta(days=value)) if kind == "date" and isinstance(value, int) else str(value)
