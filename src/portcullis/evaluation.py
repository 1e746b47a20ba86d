"""Matching measured on labelled synthetic data, through the pipeline every batch goes through (`match evaluate`).

1. Only R12-R15 and R32-R34 run. 2. Decisions are counted against the truth. 3. Every released or releasable request stands in the
stratum of its evidence (strata.py); strata added one by one are the frontier. 4. What recall was lost to is counted by reason.
5. Every wrong answer is listed. 6. What the match weights claim is held against what was so (reliability).
"""

from __future__ import annotations

import collections
import itertools
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from portcullis import pipeline
from portcullis.agreement import Agreement, find, load_agreement
from portcullis.matching.evaluate import RELEASED, Truth, score
from portcullis.matching.match import match_in_full
from portcullis.matching.register import Register
from portcullis.matching.requests import prepare_requests
from portcullis.matching.strata import frontier, over_budget, scaled, strata, stratum_of
from portcullis.matching.weigh import given_share, probability, waterfall

__all__ = ["AGREEMENT", "Evaluation", "evaluate", "reliability"]

AGREEMENT, RULES = "irs-ice-2025", frozenset({"R12", "R13", "R14", "R15", "R32", "R33", "R34"})
_BINS = (0.0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 1.0)
_PORTION = 20_000


@dataclass(frozen=True)
class Evaluation:
    """`figures` of interface.md and more; `table`: request_id, decision, person_id of a release, reason; `facts`: match facts."""

    figures: dict[str, Any]
    table: pa.Table
    facts: pa.Table


def evaluate(register: Register, raw: pa.Table, truth: Truth, budget: float | None = None, terms: Agreement | None = None) -> Evaluation:
    """Match `raw` against `register` on the `terms` (those of AGREEMENT by default) and count what was right.

    `budget` are wrong answers per request in place of the agreement's, in its parts.
    """
    begun = time.monotonic()
    terms = terms or load_agreement(find(AGREEMENT))
    rules = terms.rules.without(*[rule.id for rule in terms.rules.rules if rule.id not in RULES])
    checked = pipeline.check(raw, None, 0, rules)
    matched = pipeline.match(checked, register, rules, agree=terms.agree, closed=terms.closed)
    decided = pipeline.decide_all(checked, matched, {}, terms.answer)
    seconds = round(time.monotonic() - begun, 3)
    released = pc.is_in(decided["decision"], pa.array(sorted(RELEASED)))
    person = pc.if_else(released, decided["person_id"], pa.scalar(None, pa.string()))
    columns = {"request_id": raw["request_id"], "decision": decided["decision"], "person_id": person, "reason": decided["reason"]}
    table = pa.table(columns)
    ids, decisions, persons = (table[c].to_pylist() for c in ("request_id", "decision", "person_id"))
    figures = score(ids, decisions, persons, truth)
    parts = terms.budget if budget is None else scaled(terms.budget, budget)
    figures |= _told_apart(table.to_pylist(), _by_ordinal(checked, matched.facts), truth, figures, parts)
    return Evaluation(figures | {"match_seconds": seconds}, table, matched.facts)


def _by_ordinal(checked: pipeline.Checked, facts: pa.Table) -> list[dict[str, Any] | None]:
    """The match facts of each row in file order, None where the register was not read."""
    rows: list[dict[str, Any] | None] = [None] * checked.totals.num_rows
    at = np.searchsorted(checked.totals["ordinal"].to_numpy(), facts["ordinal"].to_numpy())
    wanted = facts.select(["person_id", "ladder_rule", "veto_rule", "rivals", "address_exact", "name_agrees"])
    for place, fact in zip(at.tolist(), wanted.to_pylist(), strict=True):
        rows[place] = fact
    return rows


def _told_apart(
    rows: list[dict[str, Any]], facts: list[dict[str, Any] | None], truth: Truth, figures: dict[str, Any], budget: Mapping[str, float]
) -> dict[str, Any]:
    """Strata, frontier, lost recall by reason, and every wrong answer."""
    placed, lost, errors = [], collections.Counter[str](), []
    for row, fact in zip(rows, facts, strict=True):
        if row["request_id"] not in truth:
            continue
        meant = truth[row["request_id"]]
        stratum = stratum_of(fact) if fact else None
        if fact and stratum:
            placed.append((stratum, row["person_id"] is not None, fact["person_id"] == meant))
        if row["person_id"] is not None and row["person_id"] != meant:
            errors.append({"request_id": row["request_id"], "stratum": stratum, "answered": row["person_id"], "meant": meant})
        elif meant is not None and row["person_id"] is None:
            lost[f"{row['decision']}: {row['reason']}"] += 1
    found = strata(placed, figures["requests"], budget)
    return {
        "strata": found,
        "frontier": frontier(found, figures["matchable"]),
        "over_budget": over_budget(found),
        "budget_per_request": sum(budget.values()),
        "lost": dict(lost.most_common()),
        "errors": errors,
    }


def _portions(raw: pa.Table) -> Iterator[pa.Table]:
    for begin in range(0, raw.num_rows, _PORTION):
        yield raw.slice(begin, _PORTION)


def reliability(register: Register, raw: pa.Table, facts: pa.Table, truth: Truth) -> list[dict[str, Any]]:
    """For requests with one candidate: the mean probability the weights claim, and the share that was right, by claimed probability."""
    single = facts.filter(pc.is_valid(facts["person_id"]))
    wanted = dict(zip(single["ordinal"].to_pylist(), single["person_id"].to_pylist(), strict=True))
    asked = raw.filter(pc.is_in(raw["ordinal"], pa.array(list(wanted), pa.int64())))
    claimed: list[tuple[float, bool]] = []
    for portion in _portions(asked):
        prepared = prepare_requests(portion)
        ids = dict(zip(portion["ordinal"].to_pylist(), portion["request_id"].to_pylist(), strict=True))
        share = dict(zip(portion["ordinal"].to_pylist(), given_share(prepared, register), strict=True))
        for row in match_in_full(prepared, register).evidence.to_pylist():
            ordinal = row["ordinal"]
            if row["person_id"] == wanted[ordinal] and ids[ordinal] in truth:
                steps = waterfall(row, share[ordinal], register.size)
                claimed.append((probability(steps), truth[ids[ordinal]] == row["person_id"]))
    return _binned(claimed)


def _binned(claimed: list[tuple[float, bool]]) -> list[dict[str, Any]]:
    rows = []
    for low, high in itertools.pairwise(_BINS):
        mine = [(p, right) for p, right in claimed if low <= p < high or (high == 1.0 and p == 1.0)]
        if mine:
            mean, right = sum(p for p, _ in mine) / len(mine), sum(right for _, right in mine)
            rows.append({"from": low, "to": high, "requests": len(mine), "claimed": mean, "right": right / len(mine)})
    return rows
