"""One defect per request: what is changed in an otherwise lawful row, the rule that must notice, and what the requester may be told.

`deficient` follows from the row alone; `no_disclosure` is the uniform answer to everything that only the register can tell (rules.md §4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeAlias

__all__ = ["Defect", "defects"]


@dataclass(frozen=True, slots=True)
class Defect:
    """`name`, the `rule` that notices, the `outcome` expected, and the columns changed."""

    name: str
    rule: str
    outcome: str
    changes: Mapping[str, str | None]


def _line(text: str | None) -> dict[str, str | None]:
    """Another address line, without a unit."""
    return {"address_line": text, "unit": None}


_NOWHERE: dict[str, str | None] = {"city": None, "state": None}
_Rows: TypeAlias = tuple[tuple[str, str, dict[str, str | None]], ...]
_ADDRESS: _Rows = (
    ("address_blank", "R12", _line("  \t") | _NOWHERE | {"postal_code": None}),
    ("address_zip_only", "R13", _line(None) | _NOWHERE),
    ("address_placeholder", "R14", _line("Failed to Provide")),
    ("address_placeholder_digits", "R14", _line("Don't Care 12345") | _NOWHERE | {"postal_code": None}),
    ("address_placeholder_spanish", "R14", _line("Sin domicilio conocido")),
    ("address_na", "R14", _line("NA NA") | {"postal_code": "00000"}),
    ("address_without_number", "R13", _line("Willow Creek Rd")),
    ("address_without_street", "R13", _line("1234")),
    ("address_zip_of_another_state", "R13", {"state": "AK", "postal_code": "02139"}),
    ("address_institution", "R15", _line("Hartwood County Jail")),
)
_OTHERS: _Rows = (
    ("name_missing", "R11", {"given_name": None, "family_name": None}),
    ("name_placeholder", "R11", {"given_name": "Unknown", "middle_name": None, "family_name": "Unknown"}),
    ("element_inherited", "R09", {"reason": "Same as above"}),
    ("period_missing", "R17", {"taxable_periods": None}),
    ("period_all", "R17", {"taxable_periods": "all years"}),
    ("period_open", "R17", {"taxable_periods": "2022-"}),
    ("statute_civil", "R19", {"statute": "8 USC 1229a"}),
    ("statute_tax_crime", "R19", {"statute": "26 USC 7201"}),
    ("stage_missing", "R20", {"stage": None}),
    ("case_missing", "R20", {"case_id": None}),
    ("order_missing", "R22", {"order_id": None, "order_date": None}),
    ("order_under_review", "R22", {"judicial_review": "pending", "judicial_final_date": None}),
    ("order_stayed", "R22", {"order_stayed": "yes"}),
    ("order_of_another_ground", "R22", {"order_ground": "8 USC 1182(a)(6)(A)(i)"}),
    ("reason_missing", "R24", {"reason": None}),
    ("purpose_civil", "R25", {"purpose": "civil_removal"}),
    ("attestation_missing", "R29", {"attestations": "sole_use;accuracy"}),
)


def defects(as_of: date, *, unused_number: str, number_of_another: str) -> tuple[Defect, ...]:
    """Every defect, for requests made on `as_of`; the two numbers are one that nobody has and one that somebody else has."""
    day, recent = timedelta(days=1), (as_of - timedelta(days=60)).isoformat()
    dated: _Rows = (
        ("case_opened_later", "R20", {"case_opened_on": (as_of + 30 * day).isoformat()}),
        ("order_too_recent", "R22", {"order_date": recent, "judicial_review": "none", "judicial_final_date": None}),
    )
    at_match: _Rows = (
        ("number_of_nobody", "R32", {"taxpayer_number": unused_number}),
        ("number_of_another", "R32", {"taxpayer_number": number_of_another}),
        ("given_name_differs", "R32", {"given_name": "Zebulon", "middle_name": None}),
        ("period_of_no_record", "R18", {"taxable_periods": "2009"}),
    )
    own = (Defect(name, rule, "deficient", changes) for name, rule, changes in (*_ADDRESS, *_OTHERS, *dated))
    return (*own, *(Defect(name, rule, "no_disclosure", changes) for name, rule, changes in at_match))
