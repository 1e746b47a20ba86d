"""The fast writers of accounting texts spell every value exactly as the general encoder does."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portcullis import accounting
from portcullis.crypto import blind_index, canonical, strict_loads
from portcullis.journal import stamp
from portcullis.model import ADDRESS_FIELDS, DATA_COLUMNS
from portcullis.pipeline import Checked
from portcullis.steps import entries
from portcullis.steps.entries import SUBJECT_FIELDS, accounting_stream, decision_text, subject_texts

TEXT = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ROW = {"agency": "ICE", "gate": "6103(i)(2)", "received_at": 1_750_000_000}
HOME: Any = SimpleNamespace(accounting_key=bytes(32))


def raw_of(rows: list[dict[str, str | None]]) -> pa.Table:
    """Rows as received; what is not given is null."""
    return pa.Table.from_pylist([dict.fromkeys(DATA_COLUMNS) | row for row in rows], pa.schema([(n, pa.string()) for n in DATA_COLUMNS]))


@given(st.lists(st.fixed_dictionaries(dict.fromkeys(SUBJECT_FIELDS, TEXT)), max_size=4))
@example([{"given_name": 'Zoë "Bo"\\', "family_name": "\u2028\x00\x1f\x7f\U0001f3db", "city": ""}])
def test_a_subject_is_spelt_as_the_encoder_spells_it(rows: list[dict[str, str | None]]) -> None:
    stated = [{name: value for name, value in row.items() if value is not None} for row in rows]
    assert list(subject_texts(raw_of(rows))) == [canonical(row).decode() for row in stated]


@given(
    st.text("0123", max_size=22),
    st.sampled_from(["disclose", "no_disclosure"]),
    st.integers(1, 10**9),
    st.lists(st.sampled_from(["M-AMBIGUOUS", "P-ADDR-BLANK", "N-PERIOD-OPEN"]), max_size=3),
)
def test_a_decision_is_spelt_as_the_encoder_spells_it(digits: str, decision: str, ordinal: int, reasons: list[str]) -> None:
    facts = {"deficient": 0, "refused": 1}
    said = {"ordinal": ordinal, "decision": decision, "check": digits, "facts": facts, "match": "", "reasons": reasons}
    assert decision_text(digits, decision, canonical(facts).decode(), "", ordinal, ";".join(reasons)) == canonical(said).decode()


def disclosed(_ordinal: int, decision: str) -> tuple[str, ...]:
    """What this agreement discloses."""
    return ADDRESS_FIELDS if decision == "disclose" else ()


def decided(count: int) -> tuple[pa.Table, Checked]:
    """Decisions and what was checked of `count` requests."""
    ordinals = list(range(1, count + 1))
    table = pa.table(
        {
            "ordinal": ordinals,
            "decision": ["disclose" if o % 2 else "no_disclosure" for o in ordinals],
            "facts": ['{"deficient":0}'] * count,
            "reasons": ["" if o % 2 else "M-AMBIGUOUS;M-NAME-MISMATCH" for o in ordinals],
            "check": ["1"] * count,
            "match": ["13"] * count,
            "person_id": pa.array([f"P{o}" if o % 2 else None for o in ordinals], pa.string()),
            "log_request": [f"{o:032x}" for o in ordinals],
        }
    )
    named = {"given": ["ALMA"] * count, "family": [None] * count, "dob": [0] * count, "number": ["000000001", *[None] * (count - 1)]}
    types = {"given": pa.string(), "family": pa.string(), "dob": pa.int32(), "number": pa.string()}
    names = pa.table({name: pa.array(named[name], kind) for name, kind in types.items()})
    facts = pa.table({"purpose_code": pa.array(["PURPOSE-1", *[None] * (count - 1)], pa.string())})
    return table, Checked(names, table, facts, table, table)


@pytest.mark.parametrize("part", [2, 20_000], ids=["in parts", "at once"])
def test_every_request_has_its_entry_with_identity_reason_outcome_and_recipient(monkeypatch: pytest.MonkeyPatch, part: int) -> None:
    monkeypatch.setattr(entries, "_PART", part)
    table, checked = decided(5)
    raw = raw_of([{"given_name": "Alma", "reason": 'the "order"', "statute": "8 USC 1253(a)(1)"}] * 5)
    made = accounting_stream(HOME, ROW, raw, table, checked, {1: ["ICE-1001", "ICE-1002"]}, disclosed).read_all()  # type: ignore[arg-type]
    assert made.schema.names == list(accounting.COLUMNS)
    rows = made.to_pylist()
    assert [row["ordinal"] for row in rows] == [1, 2, 3, 4, 5]
    assert strict_loads(rows[0]["entry"].encode()) == {
        "agency": "ICE",
        "authority": "6103(i)(2)",
        "elements": list(ADDRESS_FIELDS),
        "outcome": "disclose",
        "purpose": "PURPOSE-1",
        "reason": 'the "order"',
        "recipient": ["ICE-1001", "ICE-1002"],
        "request": f"{1:032x}",
        "requested_on": stamp(ROW["received_at"]),  # type: ignore[arg-type]
        "statute": "8 USC 1253(a)(1)",
        "subject": {"given_name": "Alma"},
    }
    second = strict_loads(rows[1]["entry"].encode())
    assert isinstance(second, dict)
    assert (second["elements"], second["purpose"], second["recipient"], second["outcome"]) == ([], None, [], "no_disclosure")
    assert json.loads(rows[1]["decision"])["reasons"] == ["M-AMBIGUOUS", "M-NAME-MISMATCH"]


def test_blind_indices_are_there_for_what_is_known_and_salts_are_never_repeated() -> None:
    table, checked = decided(5)
    rows = accounting_stream(HOME, ROW, raw_of([{}] * 5), table, checked, {}, disclosed).read_all().to_pylist()  # type: ignore[arg-type]
    assert rows[0]["blind_number"] == accounting.blind_number(HOME, "000000001")
    assert [row["blind_number"] for row in rows[1:]] == [None] * 4
    assert {row["blind_name"] for row in rows} == {accounting.blind_name(HOME, "ALMA", "", 0)}
    assert [row["blind_person"] for row in rows[:2]] == [accounting.blind_person(HOME, "P1"), None]
    salts = [row[name] for row in rows for name in ("decision_salt", "subject_salt", "accounting_salt")]
    assert len(set(salts)) == len(salts) == 15
    assert {len(salt) for salt in salts} == {32}


@pytest.mark.parametrize("given", ["ALMA", 'O"NEIL', "BACK\\SLASH", "ÉLODIE", "TAB\tBED", ""])
@pytest.mark.parametrize("born", [0, -14_046, None])
def test_the_blind_index_of_a_name_is_over_canonical_json(given: str, born: int | None) -> None:
    """It is written in fewer steps than `canonical` takes, and is the same."""
    stated = canonical([given, "FARROW", born]).decode()
    assert accounting.blind_name(HOME, given, "FARROW", born) == blind_index(HOME.accounting_key, "name", stated)  # type: ignore[attr-defined]
