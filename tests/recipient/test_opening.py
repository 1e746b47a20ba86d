"""What comes back: opened in the vault, for one officer, on record, and acknowledged."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portcullis.crypto import AgreementKey, SigningKey, canonical, open_act, sign_dsse
from portcullis.crypto.seal import seal
from portcullis.datafile import ANSWER_TYPE, BatchAnswer, sealed_root
from portcullis.errors import Refused
from recipient_agency import ORIGIN, RecipientAgency

AGENCY = RecipientAgency()
GATEWAY = SigningKey.generate()
BATCH, NONCE = "B-2026-000001", "cd" * 16
FIRST, SECOND = AGENCY.engaged


def body(ordinal: int, decision: str = "disclose") -> dict[str, object]:
    whole: dict[str, object] = {
        "agreement": "irs-ice-2025",
        "batch": BATCH,
        "decision": decision,
        "officers": [FIRST] if ordinal % 2 else [SECOND],
        "ordinal": ordinal,
        "purpose": "criminal_investigation",
        "use_until": "2027-11-21",
    }
    if decision == "disclose":
        whole["address"] = {"address_line": "12 CANARY WAY", "city": "Exampleville", "state": "IL", "postal_code": "62701"}
    return whole


def release(
    folder: Path,
    bodies: Sequence[Mapping[str, object]],
    *,
    header: Mapping[str, str] | None = None,
    key: SigningKey = GATEWAY,
    lines: Callable[[list[dict[str, str]]], list[dict[str, str]]] = lambda lines: lines,
    **changes: object,
) -> Path:
    """A release folder as a gateway would write it; `lines` and `changes` make it a false one."""
    folder.mkdir()
    entries = [
        {"request": f"{n:032x}", "jwe": seal(answer, AGENCY.vault.public_jwk, {"batch": BATCH, "request": f"{n:032x}", **(header or {})})}
        for n, answer in enumerate(bodies, start=1)
    ]
    root = sealed_root(entry["jwe"] for entry in entries).hex()
    honest = BatchAnswer(BATCH, NONCE, "dispatched", 9, ((8, ("taxpayer address",)),), len(entries), root)
    (folder / "answers.jsonl").write_bytes(b"".join(canonical(entry) + b"\n" for entry in lines(entries)))
    payload = canonical({**honest.payload(), **changes})
    (folder / "batch_answer.json").write_bytes(canonical(sign_dsse(key, ANSWER_TYPE, payload)))
    return folder


def refused(folder: Path, officer: str = FIRST, **more: str) -> str:
    with pytest.raises(Refused) as raised:
        AGENCY.open(folder, GATEWAY.public, officer, **more)
    assert "CANARY" not in str(raised.value)
    assert not (folder / "access.jsonl").exists()
    return str(raised.value)


def test_an_officer_opens_what_names_that_officer_and_it_is_on_record(tmp_path: Path) -> None:
    folder = release(tmp_path / "release", [body(1), body(2), body(3, "confirm"), body(5, "deny")])
    answers = AGENCY.open(folder, GATEWAY.public, FIRST, nonce=NONCE)
    assert [(answer.ordinal, answer.decision) for answer in answers] == [(1, "disclose"), (3, "confirm"), (5, "deny")]
    assert answers[0].address is not None and answers[0].address["city"] == "Exampleville" and answers[1].address is None
    log = (folder / "access.jsonl").read_text().splitlines()
    assert [json.loads(line)["request"] for line in log] == [answer.request for answer in answers]
    assert set(json.loads(log[0])) == {"time", "officer", "batch", "request", "action"}
    assert "CANARY" not in (folder / "access.jsonl").read_text()
    assert (folder / "access.jsonl").stat().st_mode & 0o777 == 0o600


def test_an_officer_who_is_not_named_sees_nothing(tmp_path: Path) -> None:
    folder = release(tmp_path / "release", [body(2), body(4)])
    assert AGENCY.open(folder, GATEWAY.public, FIRST) == []
    assert len(AGENCY.open(folder, GATEWAY.public, SECOND)) == 2


def test_nothing_is_shown_when_the_access_log_cannot_be_written(tmp_path: Path) -> None:
    folder = release(tmp_path / "release", [body(1)])
    (folder / "access.jsonl").mkdir()
    with pytest.raises(Refused, match="access log"):
        AGENCY.open(folder, GATEWAY.public, FIRST)


def test_the_release_is_signed_by_the_gateway_and_nobody_else(tmp_path: Path) -> None:
    assert "not enrolled" in refused(release(tmp_path / "release", [body(1)], key=AGENCY.stranger))


def test_an_answer_to_another_batch_is_refused(tmp_path: Path) -> None:
    assert "another batch" in refused(release(tmp_path / "release", [body(1)]), nonce="00" * 16)


def test_answers_that_are_not_those_signed_for_are_refused(tmp_path: Path) -> None:
    edits: dict[str, Callable[[list[dict[str, str]]], list[dict[str, str]]]] = {
        "dropped": lambda lines: lines[:-1],
        "swapped": lambda lines: lines[::-1],
        "doubled": lambda lines: [*lines, lines[0]],
        "moved": lambda lines: [{**lines[0], "request": lines[1]["request"]}, {**lines[1], "request": lines[0]["request"]}],
        "member": lambda lines: [{**lines[0], "name": "x"}, *lines[1:]],
        "request": lambda lines: [{**lines[0], "request": "X"}, *lines[1:]],
        "empty": lambda _lines: [],
    }
    for name, edit in edits.items():
        refused(release(tmp_path / name, [body(1), body(2)], lines=edit))


@pytest.mark.parametrize(
    ("changes", "header"),
    [
        ({"batch": "B-2026-000002"}, {}),
        ({"agreement": "other"}, {}),
        ({"ordinal": 8}, {}),
        ({"ordinal": 10}, {}),
        ({"ordinal": 0}, {}),
        ({"ordinal": True}, {}),
        ({"ordinal": "1"}, {}),
        ({"officers": FIRST}, {}),
        ({"officers": [7]}, {}),
        ({"decision": "no_disclosure"}, {}),
        ({"decision": "confirm"}, {}),
        ({"address": ...}, {}),
        ({"purpose": ...}, {}),
        ({"purpose": 1}, {}),
        ({"spouse": "CANARY"}, {}),
        ({"address": {"address_line": "1 CANARY", "phone": "1"}}, {}),
        ({"address": {"address_line": 1}}, {}),
        ({"address": "1 CANARY"}, {}),
        ({}, {"batch": "B-2026-000002"}),
        ({}, {"request": "ab" * 16}),
    ],
)
def test_an_answer_that_is_not_what_it_must_be_is_refused(tmp_path: Path, changes: dict[str, object], header: dict[str, str]) -> None:
    changed = {name: value for name, value in {**body(1), **changes}.items() if value is not ...}
    refused(release(tmp_path / "release", [changed], header=header))


def test_one_request_is_not_answered_twice(tmp_path: Path) -> None:
    """Even when the gateway signed for it."""
    one = {"request": f"{1:032x}"}
    folder = release(tmp_path / "release", [body(1), body(3)], header=one, lines=lambda lines: [{**line, **one} for line in lines])
    assert "twice" in refused(folder)


def test_one_row_is_not_answered_twice(tmp_path: Path) -> None:
    assert "another answer" in refused(release(tmp_path / "release", [body(1), body(1, "confirm")]))


def test_an_answer_for_another_vault_is_refused(tmp_path: Path) -> None:
    folder = release(tmp_path / "release", [body(1)])
    other = replace(AGENCY, vault=AgreementKey.generate())
    with pytest.raises(Refused, match="another vault"):
        other.open(folder, GATEWAY.public, FIRST)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_flipped_bit_or_a_cut_anywhere_in_a_release_is_refused(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = release(tmp_path_factory.mktemp("flip") / "release", [body(1), body(2)])
    path = folder / data.draw(st.sampled_from(["answers.jsonl", "batch_answer.json"]))
    raw = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(raw) - 2))
    if data.draw(st.booleans()):
        raw[at] ^= 1 << data.draw(st.integers(0, 7))
    else:
        raw = raw[:at]
    path.write_bytes(raw)
    refused(folder)


def test_the_receipt_is_over_what_arrived(tmp_path: Path) -> None:
    folder = release(tmp_path / "release", [body(1), body(2)])
    act = open_act(AGENCY.acknowledge(folder, GATEWAY.public, FIRST), AGENCY.lookup)
    arrived = AGENCY.receive(folder, GATEWAY.public)
    assert (act.action, act.content, act.officer, act.origin) == ("receipt", arrived.answer.sealed_root, FIRST, ORIGIN)
    assert act.content == sealed_root(token for _, token in arrived.sealed()).hex()


def test_what_did_not_arrive_whole_is_not_acknowledged(tmp_path: Path) -> None:
    folder = release(tmp_path / "release", [body(1), body(2)], lines=lambda lines: lines[:1])
    with pytest.raises(Refused):
        AGENCY.acknowledge(folder, GATEWAY.public, FIRST)


def test_a_release_without_answers_is_a_release(tmp_path: Path) -> None:
    folder = release(tmp_path / "release", [])
    assert AGENCY.open(folder, GATEWAY.public, FIRST) == []
    assert AGENCY.acknowledge(folder, GATEWAY.public, FIRST)
