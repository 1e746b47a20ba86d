"""A batch at the door: accepted whole, or refused whole and recorded with its rows; the corrected one is accepted (R01-R08, R10, R43)."""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine

from journey_home import AGREEMENT, NOW, OFFICERS, ROWS, Scene, at, at_both, rows_of
from portcullis import accounting, recipient
from portcullis.agreement import suspend
from portcullis.agreement.adopt import state_content
from portcullis.crypto import SigningKey
from portcullis.errors import Refused
from portcullis.intake.batch import Received, receive
from portcullis.intake.batch.refusal import refused_entries
from portcullis.journal import stamp
from portcullis.ledger import leaf_hash
from portcullis.model import LeafType, Role
from portcullis.officers import content_hash as hash_of
from portcullis.officers import enrol_root, revoke_key
from portcullis.orders import Scope, impose, lift, lift_content, order_content
from portcullis.standing import OfficerRecord, officer_content, record_officer
from portcullis.store import release_exclusive, schema
from portcullis.synthetic import SIGNER
from recipient_agency import BATCH_MISDEEDS, RecipientAgency

At = Callable[[str], Scene]
__all__ = ["at", "at_both"]

THREE = tuple({**row, "address_line": f"{101 + n} Elm Street"} for n, row in enumerate(rows_of(ROWS[:3])))


def packed(scene: Scene, misdeed: str | None = None, **asking: object) -> tuple[RecipientAgency, Path]:
    """Three lawful rows in a batch folder with every officer's engagement; then a misdeed."""
    agency, folder = scene.agency(OFFICERS[:1]), scene.folder()
    envelope = agency.pack(folder, THREE, **{"time": stamp(NOW), **asking})
    agency.engage_all(folder, len(THREE))
    if misdeed is not None:
        BATCH_MISDEEDS[misdeed](agency, folder, envelope)
    return agency, folder


def refused_on_record(scene: Scene, got: Received, rule: str, reason: str, entries: int) -> None:
    """The refusal is one leaf and one row, and the rows that could be read are in the accounting with the reason."""
    assert (got.state, got.rule, got.reason, got.count) == ("refused", rule, reason, entries)
    leaves = scene.leaves(LeafType.BATCH_REFUSED, LeafType.BATCH_RECEIVED, batch=got.batch_id)
    assert [(one["type"], one["rule"], one["reason"], one["entries"]) for one in leaves] == [("batch.refused", rule, reason, entries)]
    assert scene.row(got.batch_id)["state"] == "refused"
    if entries:
        with scene.read() as conn:
            found = [json.loads(text) for text in accounting.read(scene.home, conn, got.batch_id)["entry"].to_pylist()]
        assert [one["subject"]["request_id"] for one in found] == [row["request_id"] for row in THREE][:entries]
        assert {(one["outcome"], one["why"]) for one in found} == {("refused", reason)}


def accepted(scene: Scene) -> None:
    """The same request, made properly, is received."""
    _, folder = packed(scene)
    got = receive(scene.home, folder)
    assert (got.state, got.rule, got.message) == ("received", None, None)


@dataclass(frozen=True)
class Case:
    """A misdeed, the rule and reason it is refused for, and how many of the three rows can be read all the same."""

    misdeed: str
    rule: str
    reason: str
    entries: int = 3


CASES = (
    Case("stranger signs", "R01", "B-SIG-BAD"),
    Case("officer signs for the signer", "R01", "B-SIG-BAD"),
    Case("signer not on the roster", "R01", "B-SIG-BAD"),
    Case("other agency", "R01", "B-SIG-BAD"),
    Case("envelope a bit flipped", "R01", "B-SIG-BAD"),
    Case("statement of another kind", "R01", "B-SIG-BAD"),
    Case("member too many", "R01", "B-SIG-BAD"),
    Case("count a billion", "R01", "B-SIG-BAD"),
    Case("signature cut off", "R01", "B-NOT-WRITTEN"),
    Case("envelope truncated", "R01", "B-NOT-WRITTEN"),
    Case("delegate signs", "R03", "B-DELEGATE-UNSUPPORTED"),
    Case("other gate", "R05", "B-WRONG-GATE"),
    Case("other data class", "R05", "B-WRONG-GATE"),
    Case("other agreement", "R08", "B-NO-AGREEMENT"),
    Case("other version", "R08", "B-NO-AGREEMENT"),
    Case("count too high", "R10", "B-INTEGRITY"),
    Case("other root", "R10", "B-INTEGRITY"),
    Case("salt changed", "R10", "B-INTEGRITY"),
    Case("salts too short", "R10", "B-INTEGRITY"),
    Case("row changed after signing", "R10", "B-INTEGRITY"),
    Case("row dropped", "R10", "B-INTEGRITY", entries=2),
    Case("unknown column", "R10", "B-INTEGRITY", entries=0),
    Case("data not UTF-8", "R10", "B-INTEGRITY", entries=0),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.misdeed)
def test_what_the_sender_does_wrong_is_refused_recorded_and_can_be_put_right(at: At, case: Case) -> None:
    scene = at("ready")
    _, folder = packed(scene, case.misdeed)
    refused_on_record(scene, receive(scene.home, folder), case.rule, case.reason, case.entries)
    accepted(scene)


def test_a_batch_is_received_or_refused_alike_on_both_stores(at_both: At) -> None:
    scene = at_both("ready")
    _, folder = packed(scene, "stranger signs")
    refused_on_record(scene, receive(scene.home, folder), "R01", "B-SIG-BAD", 3)
    _, folder = packed(scene)
    got = receive(scene.home, folder)
    assert (got.state, got.count, scene.row(got.batch_id)["nonce"]) == ("received", 3, scene.agency().sent(folder).nonce)
    refused_on_record(scene, receive(scene.home, folder), "R10", "B-INTEGRITY", 3)


def test_a_repeated_request_id_is_refused(at: At) -> None:
    scene = at("ready")
    agency, folder = scene.agency(OFFICERS[:1]), scene.folder()
    agency.pack(folder, [*THREE[:2], {**THREE[2], "request_id": THREE[0]["request_id"]}], time=stamp(NOW))
    agency.engage_all(folder, 3)
    got = receive(scene.home, folder)
    assert (got.state, got.rule, got.reason, got.count) == ("refused", "R10", "B-INTEGRITY", 3)
    accepted(scene)


def test_a_replay_is_refused_by_its_nonce_and_by_its_root(at: At) -> None:
    scene = at("ready")
    agency, folder = packed(scene)
    sent = agency.sent(folder)
    got = receive(scene.home, folder)
    assert (got.state, got.rule, got.message) == ("received", None, None)
    refused_on_record(scene, receive(scene.home, folder), "R10", "B-INTEGRITY", 3)
    _, again = packed(scene, nonce=sent.nonce)
    refused_on_record(scene, receive(scene.home, again), "R10", "B-INTEGRITY", 3)
    agency.resign(folder, nonce=secrets.token_hex(16))
    (folder / "engagements.jsonl").unlink()
    agency.engage_all(folder, 3)
    refused_on_record(scene, receive(scene.home, folder), "R10", "B-INTEGRITY", 3)
    accepted(scene)


def test_a_refused_batch_does_not_use_up_its_nonce(at: At) -> None:
    scene = at("ready")
    agency, folder = packed(scene, "other gate")
    assert receive(scene.home, folder).state == "refused"
    nonce = agency.sent(folder).nonce
    _, again = packed(scene, nonce=nonce)
    assert receive(scene.home, again).state == "received"


# ---- what holds for the agency, not for the file ------------------------------------------------------------
def test_a_signer_whose_office_is_not_listed_or_over_is_refused(at: At) -> None:
    scene = at("ready")
    today = NOW // 86_400
    for changed in (
        {"office": "press office", "office_from": today - 9},
        {"office": "head", "office_from": today - 9, "office_to": today - 1},
    ):
        scene.step(lambda conn, changed=changed: scene.cast.officer(conn, SIGNER, **changed))
        _, folder = packed(scene)
        refused_on_record(scene, receive(scene.home, folder), "R02", "B-SIGNER-NOT-AUTHORISED", 3)
    scene.step(lambda conn: scene.cast.officer(conn, SIGNER, office="inspector_general", office_from=today - 9))
    accepted(scene)


def test_a_component_head_is_refused_and_the_head_in_person_is_not(at: At) -> None:
    scene = at("ready")
    scene.step(lambda conn: scene.cast.officer(conn, SIGNER, office="component_head", office_from=NOW // 86_400 - 9))
    _, folder = packed(scene)
    refused_on_record(scene, receive(scene.home, folder), "R03", "B-DELEGATE-UNSUPPORTED", 3)
    scene.step(lambda conn: scene.cast.officer(conn, SIGNER, office="head", office_from=NOW // 86_400 - 9))
    accepted(scene)


def test_a_signer_whose_key_was_revoked_is_refused_until_another_is_enrolled(at: At) -> None:
    scene = at("ready")
    _, folder = packed(scene)
    key = scene.cast.keys[SIGNER].key_id
    act = scene.cast.act("root:ICE", "key.revoke", hash_of({"key_id": key}))
    scene.step(lambda conn: revoke_key(scene.home, conn, key, act))
    refused_on_record(scene, receive(scene.home, folder), "R01", "B-SIG-BAD", 3)
    scene.newcomer(SIGNER, Role.SIGNER, agency="ICE")
    accepted(scene)


def test_another_agency_than_the_agreements_recipient_is_refused(at: At) -> None:
    scene = at("ready")
    scene.cast.roots["FBI"] = SigningKey.generate()
    scene.step(lambda conn: enrol_root(scene.home, conn, "FBI", "recipient", scene.cast.roots["FBI"].public))
    signer = scene.newcomer("FBI-0001", Role.SIGNER, agency="FBI")
    record = OfficerRecord("FBI", signer, 1, 1, 1, 1, NOW // 86_400 - 30, "head", NOW // 86_400 - 300)
    act = scene.cast.act("root:FBI", "officer.record", officer_content(record))
    scene.step(lambda conn: record_officer(scene.home, conn, record, act))
    agency, folder = packed(scene)
    agency.resign(folder, key=scene.cast.keys[signer], agency="FBI", signer=signer)
    refused_on_record(scene, receive(scene.home, folder), "R04", "B-AGENCY-INELIGIBLE", 3)
    accepted(scene)


@pytest.mark.parametrize(
    ("name", "bad", "good"),
    [
        ("report_accepted_on", NOW // 86_400 - 366, NOW // 86_400 - 365),
        ("report_accepted_on", NOW // 86_400 + 1, NOW // 86_400),
        ("findings_without_plan", 1, 0),
        ("suspended", 1, 0),
    ],
)
def test_an_agency_whose_safeguards_are_not_met_is_refused_until_they_are(at: At, name: str, bad: int, good: int) -> None:
    scene = at("ready")
    scene.step(lambda conn: scene.cast.standing(conn, name, bad))
    _, folder = packed(scene)
    refused_on_record(scene, receive(scene.home, folder), "R06", "B-SAFEGUARD-NOT-MET", 3)
    scene.step(lambda conn: scene.cast.standing(conn, name, good))
    accepted(scene)


def test_an_agency_whose_standing_nobody_knows_is_refused(at: At) -> None:
    scene = at("ready")
    scene.step(lambda conn: conn.execute(schema.standing.delete().where(schema.standing.c.field == "findings_without_plan")))
    _, folder = packed(scene)
    refused_on_record(scene, receive(scene.home, folder), "R06", "B-SAFEGUARD-NOT-MET", 3)
    scene.step(lambda conn: scene.cast.standing(conn, "findings_without_plan", 0))
    accepted(scene)


def test_while_a_stay_covers_the_flow_a_batch_is_refused_and_the_next_after_it_is_received(at: At) -> None:
    scene = at("ready")
    counsel, second = scene.person(Role.COUNSEL), scene.person(Role.OVERSEER)
    scope = Scope(agencies=("ICE",))
    impose(scene.home, "O-1", scope, NOW, scene.cast.act(counsel, "order.impose", order_content("O-1", scope, NOW)))
    _, folder = packed(scene)
    refused_on_record(scene, receive(scene.home, folder), "R07", "B-ENJOINED", 3)
    lift(scene.home, "O-1", [scene.cast.act(who, "order.lift", lift_content("O-1")) for who in (counsel, second)])
    accepted(scene)


def test_a_stay_of_another_agency_lets_the_batch_in(at: At) -> None:
    scene = at("ready")
    scope = Scope(agencies=("FBI",))
    act = scene.cast.act(scene.person(Role.COUNSEL), "order.impose", order_content("O-1", scope, NOW))
    impose(scene.home, "O-1", scope, NOW, act)
    accepted(scene)


def test_without_an_agreement_in_force_a_batch_is_refused(at: At) -> None:
    scene = at("ready")
    act = scene.cast.act(scene.person(Role.COUNSEL), "agreement.suspended", state_content(AGREEMENT, 1, "suspended"), AGREEMENT)
    scene.step(lambda conn: suspend(scene.home, conn, AGREEMENT, act))
    _, folder = packed(scene)
    refused_on_record(scene, receive(scene.home, folder), "R08", "B-NO-AGREEMENT", 3)


# ---- while somebody else is at work -----------------------------------------------------------
def stay(scene: Scene, order: str = "O-1") -> None:
    act = scene.cast.act(scene.person(Role.COUNSEL), "order.impose", order_content(order, Scope(), NOW))
    impose(scene.home, order, Scope(), NOW, act)


def test_a_stay_does_not_wait_until_the_requests_of_a_refused_file_are_written_down(at_both: At, monkeypatch: pytest.MonkeyPatch) -> None:
    """For the file of June 2025 that takes minutes. The order comes in the middle of it, and is in force before the file is recorded."""
    scene = at_both("ready")
    module, real = sys.modules["portcullis.intake.batch.receive"], refused_entries

    def meanwhile(*what: object) -> object:
        with release_exclusive(scene.home.engine, patience=2.0):
            pass
        if scene.count(schema.court_order) == 0:
            stay(scene)
        return real(*what)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "FEW", 0)  # as a large file is
    monkeypatch.setattr(module, "refused_entries", meanwhile)
    _, folder = packed(scene, "other gate")
    refused_on_record(scene, receive(scene.home, folder), "R05", "B-WRONG-GATE", 3)
    kinds = [leaf["type"] for leaf in scene.leaves()]
    assert kinds.index("order.imposed") < kinds.index("batch.refused")
    assert {path.name for path in (scene.home.path / "accounting").iterdir()} == {"B-2025-000001.parquet", "B-2025-000001.idx"}


@pytest.mark.parametrize("misdeed", [None, "other version"], ids=["a good batch", "one that is refused anyway"])
def test_what_changed_while_the_file_was_read_counts(at: At, monkeypatch: pytest.MonkeyPatch, misdeed: str | None) -> None:
    """Judged once while nobody waits, and once more when nothing can change any more: the second judgement is the one on record."""
    scene = at("ready")
    module = sys.modules["portcullis.intake.batch.receive"]
    real = module.release_shared  # type: ignore[attr-defined]

    def after_a_stay(engine: Engine) -> AbstractContextManager[Connection]:
        stay(scene)
        return real(engine)  # type: ignore[no-any-return]

    monkeypatch.setattr(module, "release_shared", after_a_stay)
    _, folder = packed(scene, misdeed)
    refused_on_record(scene, receive(scene.home, folder), "R07", "B-ENJOINED", 3)


# ---- the folder itself ------------------------------------------------------------
def test_an_empty_folder_is_refused_and_recorded(at: At) -> None:
    scene = at("ready")
    folder = scene.folder()
    folder.mkdir()
    got = receive(scene.home, folder)
    refused_on_record(scene, got, "R01", "B-NOT-WRITTEN", 0)


def test_what_is_no_folder_is_said_and_nothing_is_recorded(at: At) -> None:
    scene = at("ready")
    with pytest.raises(Refused, match="no such batch folder"):
        receive(scene.home, scene.folder())
    assert scene.count(schema.batch) == 0


def test_two_data_files_in_one_folder_are_refused(at: At) -> None:
    scene = at("ready")
    _, folder = packed(scene)
    (folder / "more.csv").write_bytes((folder / "data.csv").read_bytes())
    refused_on_record(scene, receive(scene.home, folder), "R10", "B-INTEGRITY", 0)
    accepted(scene)


# ---- what a received batch leaves ------------------------------------------------------------
def test_the_leaf_of_a_received_batch_carries_the_signed_envelope_and_nothing_of_its_rows(at: At) -> None:
    scene = at("ready")
    _, folder = packed(scene)
    got = receive(scene.home, folder)
    (leaf,) = scene.leaves(LeafType.BATCH_RECEIVED)
    assert leaf["envelope"] == json.loads((folder / "batch.json").read_text())
    assert leaf["batch"] == scene.row(got.batch_id)["log_id"] != got.batch_id
    assert len(leaf["engagements"]) == 64
    with scene.read() as conn:
        body = conn.execute(schema.leaf.select().where(schema.leaf.c.idx == leaf["index"])).mappings().one()
    assert body["hash"] == leaf_hash(bytes(body["body"]))
    assert not [value for row in THREE for value in row.values() if value and len(value) > 8 and value.encode() in bytes(body["body"])]


def test_batches_take_the_numbers_in_stock_in_the_order_they_were_received(at: At) -> None:
    scene = at("ready")
    _, refused = packed(scene, "other gate")
    assert receive(scene.home, refused).state == "refused"
    first, second, third = (receive(scene.home, packed(scene)[1]).batch_id for _ in range(3))
    assert [scene.row(batch)["sample_k"] for batch in (first, second, third)] == [1, 2, None]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_the_same_rows_are_received_in_every_format(at: At, suffix: str) -> None:
    scene = at("ready")
    agency, folder = scene.agency(OFFICERS[:1]), scene.folder()
    agency.pack(folder, THREE, suffix=suffix, time=stamp(NOW))
    recipient.engage(folder, scene.cast.keys[OFFICERS[0]], OFFICERS[0], range(1, 4))
    got = receive(scene.home, folder)
    assert (got.state, got.count) == ("received", 3)
