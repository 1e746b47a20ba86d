"""What must hold whenever a release goes, written from the statute and the design, and apart from the table of `may_release`."""

from __future__ import annotations

from dataclasses import dataclass

from portcullis.decision import Condition

__all__ = ["RELEASED", "Released"]


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
    Released("L-STAY", "Nothing leaves while any stay covers it, or while that is unknown.", "the registry of court orders", _zero("stays")),
    Released(
        "L-TWO-PEOPLE",
        "Nothing leaves without two different people, neither operator nor reviewer, over exactly what leaves.",
        "IRM 11.3; Delegation Order 11-2",
        (("authorizers", "at_least", 2), *_zero("authorizers_conflicted"), *_one("authorized_root_equal")),
    ),
    Released(
        "L-SAMPLE",
        "Nothing leaves before a sample of exactly these decisions was checked without a defect.",
        "TIGTA report of June 2026",
        _one("sample_passed", "sample_of_these_decisions"),
    ),
    Released("L-STANDING", "Nothing leaves to an agency whose safeguards are not current.", "26 U.S.C. 6103(p)(4)", _one("standing_current")),
    Released("L-VAULT", "Nothing leaves but to enrolled vaults.", "26 U.S.C. 6103(p)(4)(B), (C)", _one("vaults_valid")),
    Released(
        "L-WHITELIST", "Nothing leaves but the permitted data elements.", "26 U.S.C. 6103(b)(6), (i)(2)(C)", _zero("fields_outside_whitelist")
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
    Released("L-ONCE", "Nothing leaves twice.", "agreement, form of a request", _zero("dispatched_before")),
)
"""Together they name every fact of ReleaseFacts; a test says so. None may be unknown."""
