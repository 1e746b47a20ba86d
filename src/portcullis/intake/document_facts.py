"""What a rule may ask of the document that a request cites: a court's order, or the subject's signed consent.

Each fact comes from the request's own row, the one document it cites, and what was cited before. A request that cites none, or one that
did not come with the batch, has no facts of a document beyond that: unknown, and no rule passes on what is unknown.
A document names the person when the names are equal in standard form, and with them every birth date and number it states, of which it
must state at least one: an order about a name alone would be an order about every namesake.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from portcullis.datafile.document import SUBJECT_COLUMNS
from portcullis.intake.facts_columns import key, plain_code, text_column
from portcullis.intake.facts_statutes import parse_citations
from portcullis.intake.names import standardise_names
from portcullis.rules.fields import Catalogue

__all__ = ["FILED_SCHEMA", "Filing", "document_facts", "document_keys", "filed_table"]

FILED_SCHEMA = pa.schema(
    [
        ("document_key", pa.string()),
        ("kind", pa.string()),
        ("officer", pa.string()),
        ("signed", pa.int8()),
        ("stated", pa.string()),
        ("sha256", pa.string()),
    ]
)
"""A batch's documents as its evidence keeps them: `stated` is canonical JSON, `sha256` that of the signed line."""

_FINDS = "document_finds_"
_EPOCH = dt.date(1970, 1, 1)
Facts = dict[str, int | str | None]
Identity = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Filing:
    """The documents of one batch and what they are read against: the agreement's `kind` and column, the batch's gate, the names of data
    elements and groups the agreement knows, and by ordinal how often document and subject were asked about before."""

    kind: str
    cited_by: str
    documents: pa.Table
    gate: str = ""
    elements: Collection[str] = frozenset()
    uses: Mapping[int, int] = field(default_factory=dict)
    asks: Mapping[int, int] = field(default_factory=dict)


def filed_table(documents: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Documents (`id`, `kind`, `officer`, `signed`, `stated`, `sha256`) as a table of FILED_SCHEMA."""
    keys = key(pa.chunked_array([pa.array([one["id"] for one in documents], pa.string())]))
    columns = {name: pa.array([one[name] for one in documents], FILED_SCHEMA.field(name).type) for name in FILED_SCHEMA.names[1:]}
    return pa.table({"document_key": keys, **columns}, FILED_SCHEMA)


def document_keys(raw: pa.Table, column: str) -> pa.ChunkedArray:
    """The ids that the requests cite, in normal form; null where there is none."""
    return key(text_column(raw, column))


def document_facts(raw: pa.Table, names: pa.Table, facts: pa.Table, filed: Filing, catalogue: Catalogue) -> pa.Table:
    """Every fact of scope document, one row per row of `raw`. `names` are its standardised names, `facts` its other facts."""
    wanted = [name for name, entry in catalogue.items() if entry.scope == "document"]
    given = {one["document_key"]: one for one in filed.documents.to_pylist() if one["kind"] == filed.kind}
    stated = {name: json.loads(one["stated"]) for name, one in given.items()}
    subjects = _subjects(stated)
    asked = zip(facts["purpose_code"].to_pylist(), facts["statute_code"].to_pylist(), _identities(names), strict=True)
    cited = zip(facts["ordinal"].to_pylist(), document_keys(raw, filed.cited_by).to_pylist(), asked, strict=True)
    rows: list[Facts] = []
    for ordinal, name, (purpose, statute, person) in cited:
        found: Facts = {"document_cited": int(name is not None), "document_key": name, "document_given": int(name in given)}
        found |= {"document_uses": filed.uses.get(ordinal, 0), "document_subject_asks": filed.asks.get(ordinal)}
        if name in given:
            signed, says = int(given[name]["signed"]), stated[name]
            found |= {"document_signed": signed, "document_names_subject": _names(subjects[name], person)}
            found |= _said(says, filed, purpose, statute)
            found |= {one: int(one.removeprefix(_FINDS) in says.get("findings", ())) for one in wanted if one.startswith(_FINDS)}
        rows.append(found)
    kinds = {"text": pa.string(), "flag": pa.int8()}
    columns = {name: pa.array([row.get(name) for row in rows], kinds.get(catalogue[name].type, pa.int64())) for name in wanted}
    return pa.table(columns)


def _said(says: Mapping[str, Any], filed: Filing, purpose: str | None, statute: str | None) -> Facts:
    """What one document says, beside the request that cites it."""
    cited = parse_citations(says["statute"]) if "statute" in says else ()
    elements = says.get("elements")
    return {
        "document_gate": says.get("gate"),
        "document_gate_agrees": _agrees(says.get("gate"), filed.gate, str),
        "document_purpose_agrees": _agrees(says.get("purpose"), purpose, plain_code),
        "document_statute_agrees": None if not cited else int(statute in [citation.code for citation in cited]),
        "document_elements_known": None if elements is None else int(bool(set(elements) & set(filed.elements))),
        "document_issuer": plain_code(says["issuer"]) or None if "issuer" in says else None,
        "document_signatory_stated": int("signatory" in says),
        "document_docket_stated": int("docket" in says),
        "document_warrant_stated": int("warrant" in says),
        "document_form_stated": int("form" in says),
        **{f"document_{name}": _day(says.get(name)) for name in ("signed_on", "valid_until", "kept_until", "revoked_on")},
    }


def _agrees(said: str | None, asked: str | None, normal: Callable[[str], str]) -> int | None:
    """Whether the document says what the request asks; unknown where it says nothing."""
    return None if said is None else int(asked is not None and normal(said) == asked)


def _day(text: str | None) -> int | None:
    return None if text is None else (dt.date.fromisoformat(text) - _EPOCH).days


def _identities(names: pa.Table) -> list[Identity]:
    return list(zip(*(names[column].to_pylist() for column in ("given", "family", "dob", "number")), strict=True))


def _subjects(stated: Mapping[str, Mapping[str, Any]]) -> dict[str, list[Identity]]:
    """For each document its subjects in standard form, brought there by the same standardiser as the requests (R35)."""
    listed = [(name, one) for name, says in stated.items() for one in says.get("subjects", ())]
    table = pa.table({column: pa.array([one.get(column) for _, one in listed], pa.string()) for column in SUBJECT_COLUMNS})
    found: dict[str, list[Identity]] = {name: [] for name in stated}
    for (name, _), identity in zip(listed, _identities(standardise_names(table)), strict=True):
        found[name].append(identity)
    return found


def _names(subjects: Sequence[Identity], person: Identity) -> int:
    """Whether one of the document's subjects is the person of the request."""
    given, family, born, number = person
    return int(
        any(
            (one[0], one[1]) == (given, family)
            and given is not None
            and family is not None
            and (one[2] is not None or one[3] is not None)
            and one[2] in (None, born)
            and one[3] in (None, number)
            for one in subjects
        )
    )
