"""Strata: requests by the evidence their release rests on, and the false matches each stratum may have, has and could have.

A rung of the ladder is a stratum. Behind the last rung come two strata that are never released, to show what the ladder gives up:
`A1` name and address agree to the letter and nothing beyond them is known, `A2` the same with a name or an address that is alike only.
Added one by one in this order they give the frontier: recall against wrong answers.

The budget is the agreement's (agreement.terms): wrong answers per request by kind of evidence, shared by the rungs of that kind. What a
batch does cannot be held against it, because nobody knows then who was meant; it is held against labelled data by `match evaluate`. Only a
kind with no budget at all is enforced: its rungs are not climbed (paths.py).

Two rates, never to be mixed (they differ by more than ten times): per request asked, and per disclosure made. Upper limits are
one-sided 95 % limits of a Poisson mean (Wilson and Hilferty 1931); with none seen that is the rule of three.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from portcullis.agreement.terms import DEFAULT_BUDGET
from portcullis.matching.kin import lower_bound, upper_bound
from portcullis.matching.ladder import LADDER

__all__ = ["BUDGET", "frontier", "over_budget", "scaled", "strata", "stratum_of", "wrong_bound"]

Row = Mapping[str, Any]
BUDGET = sum(DEFAULT_BUDGET.values())
"""Wrong answers per request that the rungs together may have where no agreement is given."""

NEVER = (("A1", "name and address agree to the letter, nothing beyond"), ("A2", "name or address alike only, nothing beyond"))


def wrong_bound(wrong: int, of: int) -> float:
    """Upper 95 % confidence limit of the share `wrong` / `of` (Poisson; with none seen the rule of three)."""
    if not of:
        return 1.0
    return min(1.0, (2.9957 if wrong == 0 else upper_bound(wrong)) / of)


def _budgets(budget: Mapping[str, float]) -> dict[str, float]:
    """Each rung's part of the budget: rungs of one kind of evidence share that kind's part."""
    kinds = [rung.kind for rung in LADDER]
    return {rung.id: budget[rung.kind] / kinds.count(rung.kind) for rung in LADDER}


def scaled(budget: Mapping[str, float], total: float) -> dict[str, float]:
    """The same budget with `total` wrong answers per request, in the same parts."""
    now = sum(budget.values())
    return {kind: part * total / now if now else 0.0 for kind, part in budget.items()}


def stratum_of(fact: Row) -> str | None:
    """The stratum of one row of match facts, None where there is no single candidate."""
    if fact["person_id"] is None:
        return None
    if fact["ladder_rule"] is not None:
        return str(fact["ladder_rule"]) if fact["rivals"] == 0 else None
    return "A1" if fact["address_exact"] and fact["name_agrees"] and fact["veto_rule"] is None else "A2"


def strata(
    placed: Sequence[tuple[str | None, bool, bool]], requests: int, budget: Mapping[str, float] = DEFAULT_BUDGET
) -> list[dict[str, Any]]:
    """One row a stratum of `placed` (stratum, released, right): released, wrong, both rates with their upper limits, the budget, and
    whether it is kept (true: shown to be; false: surely not; null: too few to tell, or never released).

    For A1 and A2, which are never released, `candidates` and `wrong` say what would be.
    """
    parts, rows = _budgets(budget), []
    for name, sentence in [*((r.id, r.sentence) for r in LADDER), *NEVER]:
        mine = [(released, right) for stratum, released, right in placed if stratum == name]
        counted = [right for released, right in mine if released or name not in parts]
        wrong = len(counted) - sum(counted)
        row = {"stratum": name, "sentence": sentence, "candidates": len(mine), "released": sum(r for r, _ in mine), "wrong": wrong}
        row |= {"per_request": wrong / requests if requests else None, "per_request_upper": wrong_bound(wrong, requests)}
        row |= {"per_request_lower": lower_bound(wrong) / requests if requests else 0.0}
        row |= {"per_disclosure": wrong / len(counted) if counted else None, "per_disclosure_upper": wrong_bound(wrong, len(counted))}
        rows.append(row | {"budget_per_request": parts.get(name), "within_budget": _within(row, parts.get(name))})
    return rows


def _within(row: Row, part: float | None) -> bool | None:
    if part is None or (row["per_request_lower"] <= part < row["per_request_upper"]):
        return None
    return bool(row["per_request_upper"] <= part)


def over_budget(rows: Sequence[Row]) -> list[str]:
    """The rungs that surely exceed their part of the budget: even the lower 95 % limit of their wrong answers per request is above it.

    A rung that is not named here has not been shown to be within its part, unless `per_request_upper` is below it.
    """
    budgeted = [r for r in rows if r["budget_per_request"] is not None]
    return [r["stratum"] for r in budgeted if r["per_request_lower"] > r["budget_per_request"]]


def frontier(rows: Sequence[Row], matchable: int) -> list[dict[str, Any]]:
    """Recall and wrong answers when the strata are released one after the other, in this order."""
    points, right, wrong = [], 0, 0
    for row in rows:
        size = row["released"] if row["budget_per_request"] is not None else row["candidates"]
        right, wrong = right + size - row["wrong"], wrong + row["wrong"]
        points.append(
            {
                "up_to": row["stratum"],
                "recall": right / matchable if matchable else None,
                "wrong": wrong,
                "released_by_the_ladder": row["budget_per_request"] is not None,
            }
        )
    return points
