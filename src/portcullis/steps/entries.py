"""The accounting of a decided batch: one entry for each request, with the salts and texts that its leaves commit to.

The texts are canonical JSON. They are written here in fixed templates, many times faster than by the general encoder and, as tests hold,
byte for byte the same. A part of the batch at a time is turned into Python values, so that memory does not grow with the batch.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from json.encoder import encode_basestring as quoted

import pyarrow as pa
from sqlalchemy import RowMapping

from portcullis import accounting
from portcullis.crypto import canonical
from portcullis.home import Home
from portcullis.journal import stamp
from portcullis.model import ADDRESS_FIELDS
from portcullis.pipeline import Checked

__all__ = ["SUBJECT_FIELDS", "accounting_stream", "decision_text", "subject_texts"]

SUBJECT_FIELDS = ("given_name", "middle_name", "family_name", "suffix", "date_of_birth", "taxpayer_number", *ADDRESS_FIELDS, "address")
"""What the subject commitment is over: the identity and address as stated in the request."""

_PART = 20_000
_SALT = 32
Disclosed = Callable[[int, str], tuple[str, ...]]
"""Ordinal and decision → the data elements that are disclosed by it, in their fixed order."""


def accounting_stream(
    home: Home,
    row: RowMapping,
    raw: pa.Table,
    decided: pa.Table,
    checked: Checked,
    receivers: Mapping[int, list[str]],
    disclosed: Disclosed,
) -> pa.RecordBatchReader:
    """The accounting (columns of `accounting.COLUMNS`) of every request of a batch, in the order of the file, made while it is read: the
    whole is too much to be held.

    `decided` holds `ordinal, decision, facts, reasons, check, match, person_id, log_request`; all tables have one row for each request.
    `disclosed` gives the data elements disclosed by a request's decision.
    """
    together = decided.select(_DECIDED)
    for table, names in ((raw, (*SUBJECT_FIELDS, "reason", "statute")), (checked.names, _NAMES), (checked.facts, ("purpose_code",))):
        for name in names:
            together = together.append_column(name, table[name])
    write = _entry_writer(row, receivers, disclosed)
    parts = (_part(home, write, together.slice(start, _PART)) for start in range(0, decided.num_rows, _PART))
    return pa.RecordBatchReader.from_batches(_SCHEMA, (batch for part in parts for batch in part.to_batches()))


_DECIDED = ("ordinal", "decision", "facts", "reasons", "check", "match", "person_id", "log_request")
_NAMES = ("given", "family", "dob", "number")
_SCHEMA = pa.schema(list(accounting.COLUMNS.items()))
Writer = Callable[[str, str, str, int, str | None, str | None, str | None], str]


def _part(home: Home, write: Writer, table: pa.Table) -> pa.Table:
    """The entries of one part."""
    one = table.drop_columns(list(SUBJECT_FIELDS)).to_pydict()
    subjects = list(subject_texts(table))
    named = zip(one["given"], one["family"], one["dob"], strict=True)
    decisions = zip(one["check"], one["decision"], one["facts"], one["match"], one["ordinal"], one["reasons"], strict=True)
    said = zip(
        one["log_request"], subjects, one["decision"], one["ordinal"], one["reason"], one["statute"], one["purpose_code"], strict=True
    )
    columns = {
        "ordinal": one["ordinal"],
        "log_request": one["log_request"],
        "blind_number": [accounting.blind_number(home, number) if number else None for number in one["number"]],
        "blind_name": [accounting.blind_name(home, given or "", family or "", born) for given, family, born in named],
        "blind_person": [None if person is None else accounting.blind_person(home, person) for person in one["person_id"]],
        "decision_salt": _salts(len(subjects)),
        "subject_salt": _salts(len(subjects)),
        "accounting_salt": _salts(len(subjects)),
        "decision": [decision_text(*values) for values in decisions],
        "subject": subjects,
        "entry": [write(*values) for values in said],
        "purpose": one["purpose_code"],
    }
    return pa.table(columns, _SCHEMA)


def _salts(count: int) -> list[bytes]:
    drawn = secrets.token_bytes(count * _SALT)
    return [drawn[at : at + _SALT] for at in range(0, len(drawn), _SALT)]


def decision_text(check: str, decision: str, facts: str, match: str, ordinal: int, reasons: str) -> str:
    """What a decision commitment opens to. Digits, codes (`reasons` joined by `;`), JSON (`facts`) and a number need no escaping."""
    listed = '"' + reasons.replace(";", '","') + '"' if reasons else ""
    return f'{{"check":"{check}","decision":"{decision}","facts":{facts},"match":"{match}","ordinal":{ordinal},"reasons":[{listed}]}}'


def subject_texts(raw: pa.Table) -> Iterator[str]:
    """What each subject commitment opens to: the stated identity and address, without what was not stated."""
    named = {name: raw[name].to_pylist() for name in sorted(SUBJECT_FIELDS)}
    columns = [[None if value is None else f'"{name}":{quoted(value)}' for value in values] for name, values in named.items()]
    for members in zip(*columns, strict=True):
        yield "{" + ",".join([member for member in members if member is not None]) + "}"


def _entry_writer(row: RowMapping, receivers: Mapping[int, Sequence[str]], disclosed: Disclosed) -> Writer:
    """A writer of accounting entries for one batch: identity, reason, date, outcome, authority, purpose, recipient."""
    agency, gate = (canonical(row[name]).decode() for name in ("agency", "gate"))
    day = stamp(row["received_at"])
    lists: dict[tuple[str, ...], str] = {}
    named: dict[tuple[str, ...], str] = {}

    def write(request: str, subject: str, outcome: str, ordinal: int, reason: str | None, statute: str | None, purpose: str | None) -> str:
        officers = tuple(receivers.get(ordinal, ()))
        if officers not in lists:
            lists[officers] = canonical(list(officers)).decode()
        given = disclosed(ordinal, outcome)
        if given not in named:
            named[given] = canonical(list(given)).decode()
        elements = named[given]
        return (
            f'{{"agency":{agency},"authority":{gate},"elements":{elements},"outcome":"{outcome}",'
            f'"purpose":{_or_null(purpose)},"reason":{_or_null(reason)},"recipient":{lists[officers]},"request":"{request}",'
            f'"requested_on":"{day}","statute":{_or_null(statute)},"subject":{subject}}}'
        )

    return write


def _or_null(value: str | None) -> str:
    return "null" if value is None else quoted(value)
