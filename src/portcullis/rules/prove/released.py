"""What must hold whenever a release goes, written from the statute and the design, and apart from the table of `may_release`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import z3

from portcullis import decision
from portcullis.decision import Condition, ReleaseFacts
from portcullis.errors import OutOfOrder
from portcullis.rules.prove.outcome import release
from portcullis.rules.prove.report import Counterexample, Holds
from portcullis.rules.prove.search import Search

__all__ = ["RELEASED", "Released", "releases"]


@dataclass(frozen=True, slots=True)
class Released:
    """One claim about every release: these facts are known and the conditions hold of them."""

    id: str
    says: str
    citation: str
    require: tuple[Condition, ...]


def _zero(*names: str) -> tuple[Condition, ...]:
    return tuple((name, "eq", 0) for name in names)


def _one(*names: str) -> tuple[Condition, ...]:
    return tuple((name, "eq", 1) for name in names)


RELEASED: tuple[Released, ...] = (
    Released("L-STAY", "Nothing leaves while a stay covers it, or while that is unknown.", "the registry of court orders", _zero("stays")),
    Released(
        "L-TWO-PEOPLE",
        "Nothing leaves without two different people, neither operator nor reviewer, over exactly what leaves, and unchanged since.",
        "IRM 11.3; Delegation Order 11-2",
        (("authorizers", "at_least", 2), *_zero("authorizers_conflicted", "changes_since"), *_one("authorized_root_equal")),
    ),
    Released(
        "L-SAMPLE",
        "Nothing leaves before a sample of exactly these decisions was checked without a defect.",
        "TIGTA report of June 2026",
        _one("sample_passed", "sample_of_these_decisions"),
    ),
    Released("L-STANDING", "Nothing leaves to an agency without current safeguards.", "26 U.S.C. 6103(p)(4)", _one("standing_current")),
    Released("L-VAULT", "Nothing leaves but to enrolled vaults.", "26 U.S.C. 6103(p)(4)(B), (C)", _one("vaults_valid")),
    Released(
        "L-WHITELIST",
        "Only permitted data elements leave.",
        "26 U.S.C. 6103(b)(6), (i)(2)(C)",
        _zero("fields_outside_whitelist"),
    ),
    Released(
        "L-ACCOUNTED",
        "Nothing leaves before it is recorded, published and cosigned as agreed.",
        "26 U.S.C. 6103(p)(3)(A)",
        (*_one("committed", "commit_published"), *_zero("witnesses_missing")),
    ),
    Released("L-VETO", "Nothing leaves about a person on whom a veto was set since.", "26 U.S.C. 6103(i)(6)", _zero("vetoes_since")),
    Released(
        "L-OFFICERS",
        "Nothing leaves unless the signer still holds the office, the officers are still eligible, and their keys valid.",
        "26 U.S.C. 6103(i)(2)(A), (p)(4)(C)",
        _one("signer_on_roster", "officers_eligible", "keys_valid"),
    ),
    Released(
        "L-AGREEMENT",
        "Nothing leaves under an agreement, rules, switches or a register other than those decided on, or not in force.",
        "26 U.S.C. 6103(a)",
        _one("agreement_in_force", "agreement_unchanged", "rules_unchanged", "switches_unchanged", "register_unchanged"),
    ),
    Released(
        "L-DECIDED-ONCE",
        "Nothing leaves unless every request has one decision, and decisions and answers are those recorded and authorized.",
        "26 U.S.C. 6103(p)(3)(A)",
        (*_zero("requests_undecided", "requests_decided_twice"), *_one("decisions_unchanged", "answers_unchanged")),
    ),
    Released(
        "L-OWED",
        "Nothing leaves to an agency that owes what stops the flow: a recall, a notice, a disposal, an incident.",
        "26 U.S.C. 6103(p)(4)(F)(ii); agreement, afterwards",
        _zero("recalls_open", "ai_notices_open", "environment_notices_open", "disposals_overdue", "incidents_open"),
    ),
    Released("L-ONCE", "Nothing leaves twice.", "agreement, form of a request", _zero("dispatched_before")),
)
"""Together they name every fact of ReleaseFacts; a test says so. None may be unknown."""


def releases() -> Iterator[tuple[Holds, Counterexample | None]]:
    """Every claim over `may_release`, that some release may go, and that each requirement can be the only one that stops it."""
    table, search = release(), Search([])
    for claim in RELEASED:
        model = search.find(table.goes, z3.Not(table.holds(claim.require)))
        holds = Holds(claim.id, claim.says, claim.citation, model is None, "release")
        yield holds, None if model is None else _example(claim, table.facts, model)
    yield Holds("V-RELEASE", "Some release may go.", "26 U.S.C. 6103(i)(2)(A)", search.possible(table.goes), "vacuity"), None
    idle = [row for row, holds in table.rows.items() if not search.possible(z3.Not(holds), *_but(table.rows, row))]
    says = "Every requirement of a release can be the only one that stops it" + (f": not {', '.join(idle)}." if idle else ".")
    yield Holds("N-RELEASE", says, "rules.md, Proofs", not idle, "independence"), None


def _but(rows: Mapping[str, Any], left_out: str) -> list[Any]:
    return [holds for row, holds in rows.items() if row != left_out]


def _example(claim: Released, facts: Mapping[str, tuple[Any, Any]], model: Any) -> Counterexample:
    """The facts of a release that goes and must not, asked of `may_release` itself. Raises OutOfOrder when it refuses them."""
    values: dict[str, int | None] = {}
    for name, (known, value) in facts.items():
        stated = z3.is_true(model.eval(known, model_completion=True))
        values[name] = int(model.eval(value, model_completion=True).as_long()) if stated else None
    if reasons := decision.may_release(ReleaseFacts(**values)):
        raise OutOfOrder(f"A counterexample to {claim.id} is none when it is replayed.", f"may_release refuses it: {', '.join(reasons)}.")
    shown = [f"    {name}: {'unknown' if value is None else value}" for name, value in values.items()]
    return Counterexample(claim.id, values, (f"{claim.id} fails. {claim.says}", "  may_release says yes to:", *shown))
