"""Commit, dispatch, deliver: sealed first, recorded before the first byte leaves, handed over once and always the same (R40-R42, R46)."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from journey_home import AGREEMENT, ANSWERED, OFFICERS, ROWS, STATIONS, Scene, sha256, small
from portcullis import accounting
from portcullis.crypto import commit, key_id_of, open_dsse, read_dsse
from portcullis.datafile import ANSWER_TYPE
from portcullis.errors import OutOfOrder, Refused, Tampered
from portcullis.model import ADDRESS_FIELDS, LeafType
from portcullis.publish import publish
from portcullis.release import commit_release, deliver, dispatch
from portcullis.review import authorize, authorize_content
from portcullis.store import outbox, reading, schema

At = Callable[[str], Scene]


def sealed(folder: Path) -> dict[str, str]:
    """Ledger request id → sealed answer, from a release folder."""
    return {one["request"]: one["jwe"] for one in map(json.loads, (folder / "answers.jsonl").read_text().splitlines())}


# ---- order ------------------------------------------------------------
@pytest.mark.parametrize("station", [s for s in STATIONS[1:] if s != "authorized"])
def test_nothing_is_committed_that_is_not_authorized(at: At, station: str) -> None:
    scene = at(station)
    before = len(scene.leaves())
    with pytest.raises(OutOfOrder, match="not authorized"):
        commit_release(scene.home, scene.batch)
    assert len(scene.leaves()) == before


@pytest.mark.parametrize("station", [s for s in STATIONS[1:] if s != "committed"])
def test_nothing_is_dispatched_that_is_not_committed(at: At, station: str) -> None:
    scene = at(station)
    before = len(scene.leaves())
    with pytest.raises(OutOfOrder, match="not committed"):
        dispatch(scene.home, scene.batch)
    assert len(scene.leaves()) == before


@pytest.mark.parametrize("station", STATIONS[1:-1])
def test_nothing_is_handed_over_that_was_not_dispatched(at: At, station: str) -> None:
    scene = at(station)
    with pytest.raises(OutOfOrder, match="was dispatched"):
        deliver(scene.home, scene.batch)
    assert not (scene.home.path / "outbox" / scene.batch / "release").exists()


def test_one_authorization_commits_nothing(at: At) -> None:
    scene = at("sampled")
    with scene.read() as conn:
        root = authorize_content(conn, scene.batch)
    assert authorize(scene.home, scene.batch, scene.cast.act("IRS-0004", "release.authorize", root, AGREEMENT)) == 1
    with pytest.raises(OutOfOrder, match="not authorized"):
        commit_release(scene.home, scene.batch)


def test_nothing_leaves_before_a_published_checkpoint_covers_the_commit(at_both: At) -> None:
    scene = at_both("authorized")
    commit_release(scene.home, scene.batch)
    with pytest.raises(Refused, match="No published checkpoint"):
        dispatch(scene.home, scene.batch)
    assert (scene.state, scene.leaves(LeafType.DISCLOSURE)) == ("committed", [])
    publish(scene.home)
    assert dispatch(scene.home, scene.batch) == len(ANSWERED)
    (leaf,) = scene.leaves(LeafType.RELEASE_DISPATCHED)
    (committed,) = scene.leaves(LeafType.RELEASE_COMMITTED)
    assert committed["index"] == leaf["committed"] < leaf["checkpoint"]["size"] <= leaf["index"]


# ---- what the ledger then holds ------------------------------------------------------------
def test_the_dispatch_and_its_accounting_stand_in_the_ledger_together_before_anything_is_handed_over(at_both: At) -> None:
    scene = at_both("dispatched")
    leaves = scene.leaves(batch=scene.batch)
    kinds = [leaf["type"] for leaf in leaves]
    start = kinds.index("release.dispatched")
    assert kinds[start:] == ["release.dispatched", *["disclosure"] * len(ANSWERED), "batch.closed"]
    assert [leaf["index"] for leaf in leaves[start:]] == list(range(leaves[start]["index"], leaves[-1]["index"] + 1))
    closed = leaves[-1]
    assert {name: closed[name] for name in ("received", "deficient", "answered", "other")} == {
        "received": len(ROWS),
        "deficient": 1,
        "answered": len(ANSWERED),
        "other": len(ROWS) - 1 - len(ANSWERED),
    }
    assert not (scene.home.path / "outbox" / scene.batch / "release").exists()


def test_every_answer_has_one_accounting_leaf_that_opens_to_request_reason_date_outcome_and_recipient(at: At) -> None:
    scene = at("dispatched")
    folder = deliver(scene.home, scene.batch)
    answers = sealed(folder)
    leaves = {leaf["request"]: leaf for leaf in scene.leaves(LeafType.DISCLOSURE)}
    decided = {leaf["id"] for leaf in scene.leaves(LeafType.REQUEST_DECIDED)}
    assert set(leaves) == set(answers) < decided
    with scene.read() as conn:
        entries = accounting.entries(scene.home, conn, scene.batch)
    for request, leaf in leaves.items():
        entry = entries[request]
        assert leaf["answer"] == sha256(answers[request].encode())
        assert leaf["accounting"] == commit(entry.salt, "accounting", request, AGREEMENT, entry.value).hex()
        assert (leaf["agency"], leaf["purpose"], leaf["elements"]) == ("ICE", entry.value["purpose"], len(ADDRESS_FIELDS))
        assert entry.value["purpose"] in ("criminal_investigation", "criminal_proceeding", "grand_jury")
        assert entry.value["outcome"] in ("disclose", "confirm")
        assert entry.value["recipient"] in (["ICE-1001"], ["ICE-1002"])
        assert entry.value["reason"] and entry.value["requested_on"] == "2025-06-28T14:00:00Z"
    assert scene.count(schema.request, answered=1) == len(ANSWERED)


def test_a_dispatch_that_dies_half_way_leaves_nothing_and_can_be_done_again(at_both: At, monkeypatch: pytest.MonkeyPatch) -> None:
    """The outbox is marked before the leaves are written; without one transaction the answers would be gone and nowhere recorded."""
    scene = at_both("committed")
    before = len(scene.leaves())

    class Killed(RuntimeError):
        """Stands for the end of the process."""

    def dies(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(sys.modules["portcullis.release.dispatch"], "record_many", dies)
        with pytest.raises(Killed):
            dispatch(scene.home, scene.batch)
    assert scene.state == "committed"
    assert scene.count(schema.outbox, state="sent") == scene.count(schema.request, answered=1) == 0
    assert [leaf["type"] for leaf in scene.leaves()[before:]] == ["inspection"]
    assert dispatch(scene.home, scene.batch) == len(ANSWERED)


def test_the_same_batch_is_not_dispatched_twice(at: At) -> None:
    scene = at("dispatched")
    with pytest.raises(OutOfOrder, match="not committed"):
        dispatch(scene.home, scene.batch)
    assert len(scene.leaves(LeafType.RELEASE_DISPATCHED)) == 1
    assert len(scene.leaves(LeafType.DISCLOSURE)) == len(ANSWERED)


# ---- what is handed over ------------------------------------------------------------
def test_handing_over_again_gives_the_same_bytes(at_both: At) -> None:
    scene = at_both("dispatched")
    folder = deliver(scene.home, scene.batch)
    first = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    assert sorted(first) == ["answers.jsonl", "batch_answer.json"]
    (folder / "answers.jsonl").unlink()  # as if the program had died between the two files
    assert deliver(scene.home, scene.batch) == folder
    assert {path.name: path.read_bytes() for path in sorted(folder.iterdir())} == first


def test_what_was_altered_in_the_outbox_after_the_dispatch_is_not_handed_over(at: At) -> None:
    scene = at("dispatched")
    with reading(scene.home.engine) as conn:
        (item,) = outbox.items(conn, scene.batch, "sent")
    path = scene.home.path / "outbox" / item.path
    kept = path.read_bytes()
    path.write_bytes(kept[:-2] + b"x\n")
    with pytest.raises(Tampered, match="differ from those dispatched"):
        deliver(scene.home, scene.batch)
    path.write_bytes(kept)
    assert len(sealed(deliver(scene.home, scene.batch))) == len(ANSWERED)


def test_each_named_officer_opens_the_answers_of_the_own_requests_and_no_other(at: At) -> None:
    scene = at("dispatched")
    folder = deliver(scene.home, scene.batch)
    agency, log = scene.agency(), scene.home.log_key.public
    opened = {officer: {one.ordinal: one for one in agency.open(folder, log, officer)} for officer in OFFICERS}
    assert [sorted(found) for found in opened.values()] == [[1, 2, 3], [10], []]
    answers = opened[OFFICERS[0]] | opened[OFFICERS[1]]
    assert [answers[n].decision for n in ANSWERED] == ["confirm", "disclose", "disclose", "confirm"]
    on_file = last_known_addresses()
    for ordinal, answer in answers.items():
        person = small().clean.truth["person_id"][ROWS[ordinal - 1].ordinal - 1].as_py()
        assert answer.address == (on_file[person] if answer.decision == "disclose" else None)


def last_known_addresses() -> dict[str, dict[str, str]]:
    """Person → last-known mailing address, from the register as generated."""
    rows = [row for row in small().register.addresses.to_pylist() if row["last_known"]]
    return {row["person_id"]: {name: row[name] for name in ADDRESS_FIELDS if row[name] is not None} for row in rows}


def test_all_sealed_answers_are_of_one_length_whether_they_disclose_or_confirm(at: At) -> None:
    scene = at("dispatched")
    assert len({len(jwe) for jwe in sealed(deliver(scene.home, scene.batch)).values()}) == 1


def test_the_batch_answer_is_signed_by_the_log_and_says_what_is_deficient_and_nothing_else(at: At) -> None:
    scene = at("dispatched")
    folder, log = deliver(scene.home, scene.batch), scene.home.log_key.public
    statement = read_dsse((folder / "batch_answer.json").read_bytes())
    payload = json.loads(open_dsse(statement, lambda key: log if key == key_id_of(log) else None, ANSWER_TYPE))
    assert set(payload) == {"batch", "nonce", "state", "count", "deficient", "answers", "sealed_root", "uniform"}
    assert payload["deficient"] == [{"ordinal": 6, "elements": ["The request does not state the address of the taxpayer."]}]
    assert (payload["count"], payload["answers"], payload["nonce"]) == (len(ROWS), len(ANSWERED), scene.row()["nonce"])
