"""The statutory elements of a request: as a lawful file states them for each person, and as the file of June 2025 came.

Lawful: the statute to its subsection (8 USC 1253(a)(1)(A), in 5 % 8 USC 1326(a) with its own elements), a final order whose ninety days
had run before the case was opened, a case of one's own, a stage, a reason that belongs to the person and says how the address is
relevant, and five attestations. All texts are invented. June 2025: one reason for all [I], no stage, case or attestation [I], taxable
periods missing or "all years" [I], the statute without its subsection, civil or absent in part [I].
"""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.synthetic.draw import Bools, Ints, join, padded, pick, words
from portcullis.synthetic.phrases import BEARING, OPENINGS, RELEVANCE, SEQUELS

__all__ = ["ATTESTATIONS", "BOILERPLATE", "GATE", "PURPOSES", "dates", "days", "lawful_elements", "reported_elements", "years"]

GATE = "6103(i)(2)"
PURPOSES = ("criminal_investigation", "criminal_proceeding", "grand_jury")
"""Purpose codes of the agreement, in the order of the stages they go with."""
ATTESTATIONS = "criminal_investigation_active;sole_use;no_redisclosure;safeguards;accuracy"
BOILERPLATE = "The address is needed for the enforcement of final orders of removal."
"""The one reason of the file of June 2025 [I]."""
_STATUTES = ("8 USC 1253(a)(1)(A)", "8 USC 1326(a)")
REENTRY_SHARE = 0.05
_GROUNDS = ("8 USC 1227(a)(1)(B)", "8 USC 1227(a)(1)(C)(i)", "8 USC 1227(a)(2)(A)(ii)", "8 USC 1227(a)(1)(A)")
_FINALITY = ("appeal dismissed", "appeal waived", "time to appeal expired")
_STAGES = ("investigation", "preparation", "grand_jury")


def days(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - date(1970, 1, 1)).days


def dates(values: Ints, mask: Bools | None = None) -> pa.Array:
    """ISO dates of days since 1970-01-01, null where masked out."""
    hide = None if mask is None else ~mask
    return pc.cast(pc.cast(pa.array(values.astype(np.int32), mask=hide), pa.date32()), pa.string())


def years(first: Ints, last: Ints) -> pa.Array:
    """Tax years `first` to `last` of each row as the interface writes them: 2022;2023."""
    low, high = int(first.min()), int(last.max())
    spans = [(a, b) for a in range(low, high + 1) for b in range(low, high + 1)]
    texts = pa.array([";".join(str(year) for year in range(a, b + 1)) for a, b in spans], type=pa.string())
    return texts.take(pa.array((first - low) * (high - low + 1) + (last - low)))


def _drawn(rng: np.random.Generator, choices: tuple[str, ...], count: int) -> pa.Array:
    """One of the choices for each row, all as likely."""
    return words(choices, rng.integers(0, len(choices), count))


def _reasons(rng: np.random.Generator, count: int, when: Ints, case_id: pa.Array) -> pa.Array:
    """A reason of its own for each row: one of 12,000 texts even after names, numbers and dates are masked."""
    opening = join(_drawn(rng, OPENINGS, count), dates(when), _drawn(rng, SEQUELS, count))
    return join(
        join(opening, " (case ", case_id, "). ", by=""),
        join(_drawn(rng, RELEVANCE, count), ", ", _drawn(rng, BEARING, count), ".", by=""),
        by="",
    )


def _order(rng: np.random.Generator, count: int, as_of: int, on: Bools) -> tuple[dict[str, pa.Array], Ints]:
    """The final order's columns on the rows `on`, and the day from which its ninety days ran."""
    ordered = as_of - rng.integers(250, 2500, count)
    reviewed = rng.random(count) < 0.2
    final = np.where(reviewed, ordered + rng.integers(30, 150, count), ordered)
    columns = {
        "order_id": join(
            "A", padded(rng.integers(200_000_000, 299_999_999, count), 9), "-", padded(np.arange(count, dtype=np.int64), 7), by=""
        ),
        "order_date": dates(ordered),
        "judicial_review": words(("none", "concluded"), reviewed.astype(np.int64)),
        "judicial_final_date": dates(final, reviewed),
        "order_ground": _drawn(rng, _GROUNDS, count),
        "order_stayed": words(("no",), np.zeros(count, dtype=np.int64)),
        "finality_basis": words(_FINALITY, np.where(reviewed, 0, rng.integers(0, 3, count))),
    }
    keep = pa.array(on)
    return {name: pc.if_else(keep, values, pa.nulls(count, pa.string())) for name, values in columns.items()}, final


def lawful_elements(
    rng: np.random.Generator, count: int, as_of: date, *, prefix: str = "C", reentry_share: float = REENTRY_SHARE
) -> dict[str, Any]:
    """The element columns of `count` lawful requests as of that day, except `taxable_periods`; case ids are all different.

    Columns as in the interface: statute, purpose, reason, stage, case_id, case_opened_on, order_id, order_date, judicial_review,
    judicial_final_date, order_ground, order_stayed, finality_basis, prior_removal_date, reentry_date, attestations.
    """
    today = days(as_of)
    reentry, stage = rng.random(count) < reentry_share, pick(rng, np.array([0.6, 0.95, 1.0]), count)
    order, final = _order(rng, count, today, ~reentry)
    opened = final + 92 + (rng.random(count) * (today - 5 - final - 92)).astype(np.int64)
    case_id = join(f"{prefix}-{as_of.year}", padded(rng.permutation(count).astype(np.int64), 7), by="-")
    removed = opened - rng.integers(700, 2000, count)
    served = final + (rng.random(count) * (opened - final)).astype(np.int64)
    return {
        "statute": words(_STATUTES, reentry.astype(np.int64)),
        "purpose": words(PURPOSES, stage),
        "reason": _reasons(rng, count, served, case_id),
        "stage": words(_STAGES, stage),
        "case_id": case_id,
        "case_opened_on": dates(opened),
        **order,
        "prior_removal_date": dates(removed, reentry),
        "reentry_date": dates(removed + rng.integers(60, 600, count), reentry),
        "attestations": words((ATTESTATIONS,), np.zeros(count, dtype=np.int64)),
    }


def reported_elements(rng: np.random.Generator, count: int, as_of: date) -> dict[str, Any]:
    """The element columns of the file of June 2025: what it had in common for all, and the order's date and id on 90 % [I]."""
    statute = pick(rng, np.array([0.80, 0.95, 1.0]), count)
    ordered = rng.random(count) < 0.9
    recent = rng.random(count) < 0.03
    age = np.where(recent, rng.integers(5, 90, count), rng.integers(120, 6000, count))
    order_id = join("A", padded(rng.integers(200_000_000, 299_999_999, count), 9), by="")
    return {
        "taxable_periods": words(("all years",), np.where(rng.random(count) < 0.4, 0, -1)),
        "statute": words(("8 USC 1253(a)(1)", "8 USC 1229a"), np.where(statute < 2, statute, -1)),
        "purpose": words(PURPOSES[:1], np.zeros(count, dtype=np.int64)),
        "reason": words((BOILERPLATE,), np.zeros(count, dtype=np.int64)),
        "order_id": pc.if_else(pa.array(ordered), order_id, pa.nulls(count, pa.string())),
        "order_date": dates(days(as_of) - age, ordered),
    }
