"""From raw rows to typed facts: everything a rule may ask about a request, as 64-bit integers, text, 0 or 1, and epoch days.

Each fact depends on its own row (and the day of receipt) and on nothing else, so one request alone gives the same facts as within a
batch of a million. The list, with types and meanings, is agreements/fields.yaml.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.errors import OutOfOrder
from portcullis.intake.facts_columns import flag, holds, text_column
from portcullis.intake.facts_dates import date_column
from portcullis.intake.facts_elements import element_columns
from portcullis.intake.facts_periods import period_columns
from portcullis.intake.facts_reasons import reason_columns
from portcullis.intake.facts_statutes import statute_columns
from portcullis.intake.facts_words import word_columns

__all__ = ["DROPPED", "TYPER_VERSION", "type_facts"]

TYPER_VERSION = "facts/1"
"""Changes whenever any output of this module can change; evidence carries it beside the rule-set hash."""

DROPPED = frozenset({"masked_reason"})
"""Facts that are typed, used and never stored."""

_DATES = ("case_opened_on", "order_date", "judicial_final_date", "prior_removal_date", "reentry_date")
_ADDRESS = ("address_line", "unit", "city", "state", "postal_code", "address")
_OWN = ("address_line", "address", "city", "taxable_periods", "statute", "purpose", "stage", "reason", "case_id", "order_id", "order_date")
_MARK = r"""^\W*(?:"+|''+|〃+|,,+|“|”|「)\W*$"""
_OTHER = r"(?:row|line|record|request|entry|above|below|attached|attachment|batch|envelope|cover|previous|prior|first|list|file)\b.{0,60}"
_ELSEWHERE = (
    r"^\W*(?:ditto|same|idem|ibid(?:em)?|(?:the )?same (?:as|reason|address|period|statute|purpose|name)\b.{0,60}"
    rf"|(?:please )?see (?:the )?{_OTHER}|refer to (?:the )?{_OTHER}"
    r"|(?:as )?per (?:the )?(?:batch|envelope|cover|row|line|attached)\b.{0,60}"
    r"|as (?:above|before|previous(?:ly)?|stated above|in (?:row|line|record|request))\b.{0,60})\W*$"
)
_OFFICERS = ("officers", "engaged_signed", "engaged_eligible", "engaged_trained", "engaged_min_load")

Columns = dict[str, pa.ChunkedArray]


def type_facts(
    raw: pa.Table,
    addresses: pa.Table,
    names: pa.Table,
    officers: pa.Table | None = None,
    *,
    received_on: int,
    zone: str = "-05:00",
) -> pa.Table:
    """Facts of stage check, one row per row of `raw`, in its order.

    `raw` has `ordinal` and data columns as text (a missing one is null); `addresses` and `names` are the standardised columns, row for row;
    `officers` are the officer facts by ordinal (none: nobody is engaged); `received_on` is the epoch day of receipt in `zone`.
    Raises OutOfOrder when the tables do not have the same rows.
    """
    if not raw.num_rows == addresses.num_rows == names.num_rows:
        raise OutOfOrder("Rows, addresses and names differ in number.", "Facts are typed row for row.", "Standardise the same rows.")
    columns: Columns = {"ordinal": raw.column("ordinal").cast(pa.int64()), "received_on": _constant(received_on, raw.num_rows)}
    columns |= {name: date_column(text_column(raw, name), zone) for name in _DATES}
    columns |= _name_columns(raw, names)
    columns |= _address_columns(raw, addresses)
    columns |= period_columns(text_column(raw, "taxable_periods"), received_on)
    columns |= statute_columns(raw)
    columns |= word_columns(raw)
    elements = element_columns(raw, zone)
    columns["reentry_date"] = pc.coalesce(columns["reentry_date"], elements.pop("element_found_on"))
    columns |= elements
    columns |= reason_columns(raw)
    columns |= _officer_columns(columns["ordinal"], officers)
    return pa.table(columns)


def _constant(value: int, rows: int) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(np.full(rows, value, np.int64))])


def _any(conditions: list[pa.ChunkedArray]) -> pa.ChunkedArray:
    found = conditions[0]
    for condition in conditions[1:]:
        found = pc.or_(found, condition)
    return found


def _is_set(table: pa.Table, name: str) -> pa.ChunkedArray:
    return pc.is_valid(text_column(table, name))


def _name_columns(raw: pa.Table, names: pa.Table) -> Columns:
    """Given and family name stated, as written or as the standardiser found them in one whole name."""
    written = [pc.or_(holds(text_column(raw, f"{part}_name"), r"\pL"), _is_set(names, part)) for part in ("given", "family")]
    elsewhere = [holds(text_column(raw, name), _MARK) for name in ("given_name", "family_name", *_OWN)]
    elsewhere += [holds(text_column(raw, name), _ELSEWHERE) for name in _OWN]
    elsewhere += [
        holds(text_column(raw, name), r"^\W*same (?:as|name)\b|^\W*see (?:above|row|line)\b") for name in ("given_name", "family_name")
    ]
    placeholder = names.column("name_placeholder").cast(pa.int8())
    birth = names.column("dob").cast(pa.int64()).cast(pa.string())
    parts = [
        text_column(names, "family"),
        text_column(names, "given"),
        text_column(names, "middle_initial"),
        birth,
        text_column(names, "number"),
    ]
    return {
        "inherited": flag(_any(elsewhere)),
        "name_stated": flag(pc.and_(*written)),
        "name_personal": pc.subtract(pa.scalar(1, pa.int8()), placeholder),
        "number_given": flag(holds(text_column(raw, "taxpayer_number"), r"\pN")),
        "number_usable": names.column("number_valid").cast(pa.int8()),
        "birth_usable": names.column("dob_valid").cast(pa.int8()),
        "surname_key": text_column(names, "family"),
        "subject_key": _joined(parts),
    }


def _joined(parts: list[pa.ChunkedArray]) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(*[pc.fill_null(part, "") for part in parts], "|")


def _address_columns(raw: pa.Table, addresses: pa.Table) -> Columns:
    """The judgement of the address standardiser as one flag per rule: certain (1 or 0) where it is certain, null where it is not."""
    genuine, reason = addresses.column("genuine").cast(pa.int8()), pc.fill_null(text_column(addresses, "reason"), "")
    decided = pc.is_valid(genuine)
    bad = pc.equal(pc.fill_null(genuine, 1), 0)

    def because(*codes: str) -> pa.ChunkedArray:
        """1 for this reason, null when undecided for it, else 0."""
        here = pc.is_in(reason, pa.array(codes))
        return flag(pc.if_else(pc.and_not(here, decided), None, pc.and_(here, bad)))

    words_only = pc.is_in(reason, pa.array(["P-ADDR-PLACEHOLDER", "P-ADDR-INSTITUTION"]))
    undecided = pc.and_not(pc.invert(decided), words_only)
    deliverable = pc.if_else(undecided, None, pc.invert(pc.and_not(bad, words_only)))
    place = pc.coalesce(text_column(addresses, "zip5"), text_column(addresses, "city"), pa.scalar(""))
    key = _joined([text_column(addresses, "delivery_key"), text_column(addresses, "unit_key"), place, text_column(addresses, "state")])
    return {
        "address_stated": flag(_any([holds(text_column(raw, name), r"[\pL\pN]") for name in _ADDRESS])),
        "address_zip_only": because("P-ADDR-ZIPONLY"),
        "address_deliverable": flag(deliverable),
        "address_placeholder": because("P-ADDR-PLACEHOLDER"),
        "address_institution": because("P-ADDR-INSTITUTION"),
        "institution_word": addresses.column("institution_word").cast(pa.int8()),
        "address_key": pc.if_else(_is_set(addresses, "delivery_key"), key, None),
    }


def _officer_columns(ordinals: pa.ChunkedArray, officers: pa.Table | None) -> Columns:
    """The officer facts of each row; a row nobody is engaged in has 0 officers and 0 flags."""
    if officers is None or officers.num_rows == 0:
        rows = len(ordinals)
        none = {name: flag(_constant(0, rows)) for name in _OFFICERS[1:4]}
        return {"officers": _constant(0, rows), **none, "engaged_min_load": pa.chunked_array([pa.nulls(rows, pa.int64())])}
    found = pc.index_in(ordinals, officers.column("ordinal").combine_chunks().cast(pa.int64()))
    columns = {name: officers.column(name).combine_chunks().take(found.combine_chunks()) for name in _OFFICERS}
    absent = pc.is_null(found)
    typed = {name: columns[name].cast(pa.int8() if name in _OFFICERS[1:4] else pa.int64()) for name in _OFFICERS}
    filled = {name: pc.if_else(absent, pa.scalar(0, typed[name].type), typed[name]) for name in _OFFICERS[:4]}
    return {**filled, "engaged_min_load": pa.chunked_array([typed["engaged_min_load"]])}
