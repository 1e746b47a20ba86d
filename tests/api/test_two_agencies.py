"""The two agencies talk over mutual TLS: a batch is sent, decided, taken and acknowledged; and nobody else gets anywhere."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from api_packing import packed
from api_server import Served, machine
from journey_home import OFFICERS, truth_of
from portcullis import journey, recipient
from portcullis.crypto import SigningKey, key_id_of
from portcullis.demo.play import authorize_all, check_sample, close_reviews
from portcullis.errors import Refused
from portcullis.ledger import NoteKey
from portcullis.model import LeafType
from portcullis.release import commit_release
from portcullis.worker import Worker

Start = Callable[..., Served]
AGREEMENT = "irs-ice-2025"


def test_a_batch_goes_the_whole_way_over_the_wire(served: Start, tmp_path: Path) -> None:
    one = served("ready")
    scene, gateway = one.scene, one.gateway()
    sent = gateway.send(packed(one, tmp_path / "batch"), "first-call-1")
    assert (sent.state, sent.count) == ("received", 10)

    home, cast = scene.home, scene.cast
    assert dict(Worker(home).advance()) == {sent.batch: "matched"}
    assert gateway.state(sent.batch)["state"] == "received"
    close_reviews(cast, sent.batch)
    assert dict(Worker(home).advance()) == {sent.batch: "reviewed"}
    check_sample(cast, sent.batch, truth_of())
    assert dict(Worker(home).advance()) == {sent.batch: "sampled"}
    authorize_all(cast, sent.batch)
    assert gateway.state(sent.batch)["state"] == "received"
    assert dict(Worker(home).advance()) == {sent.batch: "committed"}
    assert gateway.state(sent.batch)["state"] == "committed"

    folder = gateway.fetch(sent.batch, tmp_path / "release")
    vkey = NoteKey(home.settings.origin, home.log_key.public)
    arrived = recipient.receive(folder, lambda key_id: vkey.public if key_id == key_id_of(vkey.public) else None)
    assert arrived.answer.answers == 4
    receipt = recipient.acknowledge(
        arrived,
        cast.keys[OFFICERS[0]],
        officer=OFFICERS[0],
        origin=vkey.name,
        agreement=AGREEMENT,
        nonce="a" * 32,
        expires=home.now() + 3600,
    )
    gateway.receipt(sent.batch, receipt)
    seen = gateway.state(sent.batch)
    assert (seen["state"], seen["deficient"]) == (
        "acknowledged",
        [{"ordinal": 6, "elements": ["The request does not state the address of the taxpayer."]}],
    )
    assert len(scene.leaves(LeafType.DISCLOSURE)) == 4
    assert len(scene.leaves(LeafType.RELEASE_DISPATCHED)) == 1


def test_without_a_certificate_of_an_agency_here_there_is_no_connection(served: Start, tmp_path: Path) -> None:
    one = served("received")
    with pytest.raises((ssl.SSLError, ConnectionError, OSError)):
        one.call("GET", "/v1/agreements", agency=None)
    one.tls["stranger"] = machine(tmp_path / "stranger", SigningKey.generate(), "ICE")
    with pytest.raises((ssl.SSLError, ConnectionError, OSError)):
        one.call("GET", f"/v1/batches/{one.scene.batch}", agency="stranger")


def test_a_batch_is_its_own_agencys_alone(served: Start) -> None:
    one = served("received")
    assert one.call("GET", f"/v1/batches/{one.scene.batch}").status == 200
    assert one.call("GET", f"/v1/batches/{one.scene.batch}", agency="IRS").status == 403
    never = one.call("GET", "/v1/batches/B-2025-999999")
    assert never.status == 404

    def other_agency(conn: object) -> None:
        from portcullis.officers import enrol_root  # noqa: PLC0415
        from portcullis.store import schema  # noqa: PLC0415

        enrol_root(one.scene.home, conn, "DEA", "recipient", SigningKey.generate().public)  # type: ignore[arg-type]
        conn.execute(schema.batch.update().values(agency="DEA"))  # type: ignore[attr-defined]

    one.scene.step(other_agency)
    foreign = one.call("GET", f"/v1/batches/{one.scene.batch}")
    assert (foreign.status, foreign.body) == (never.status, never.body)


@pytest.mark.parametrize("station", ["received", "matched", "reviewed", "sampled", "authorized"])
def test_nothing_tells_of_a_match_before_two_officers_acted(served: Start, station: str) -> None:
    one = served(station)
    seen = one.call("GET", f"/v1/batches/{one.scene.batch}").json()
    assert (seen.pop("received_at") is not None, seen) == (True, {"batch": one.scene.batch, "state": "received", "count": 10})
    for method, path in (("POST", "dispatch"), ("GET", "answer"), ("GET", "answers")):
        refused = one.call(method, f"/v1/batches/{one.scene.batch}/{path}", Idempotency_Key="k" * 16)
        assert (refused.status, refused.headers["content-type"]) == (409, "application/problem+json")


def test_a_stay_stops_the_download_of_what_was_dispatched(served: Start) -> None:
    from portcullis.orders import Scope, impose, order_content  # noqa: PLC0415

    one = served("dispatched")
    path = f"/v1/batches/{one.scene.batch}/answers"
    assert one.call("GET", path).status == 200
    scene = one.scene
    scope = Scope()
    act = scene.cast.act("IRS-0006", "order.impose", order_content("25-cv-1", scope, scene.clock()))
    impose(scene.home, "25-cv-1", scope, scene.clock(), act)
    assert one.call("GET", path).status == 409


def test_a_release_that_may_not_go_says_no_reason(served: Start) -> None:
    one = served("committed")
    one.scene.step(lambda conn: one.scene.cast.standing(conn, "suspended", 1))
    refused = one.call("POST", f"/v1/batches/{one.scene.batch}/dispatch", Idempotency_Key="k" * 16)
    never = one.call("GET", f"/v1/batches/{one.scene.batch}/answers")
    assert (refused.status, refused.body) == (409, never.body)
    assert one.scene.state == "sampled"
    assert one.scene.leaves(LeafType.DISCLOSURE) == []


def test_a_dispatch_called_twice_is_one_dispatch(served: Start) -> None:
    one = served("committed")
    first = one.call("POST", f"/v1/batches/{one.scene.batch}/dispatch", Idempotency_Key="k" * 16)
    again = one.call("POST", f"/v1/batches/{one.scene.batch}/dispatch", Idempotency_Key="k" * 16)
    assert (first.status, first.body) == (200, again.body)
    assert len(one.scene.leaves(LeafType.RELEASE_DISPATCHED)) == 1


def test_the_client_says_what_the_gateway_said(served: Start, tmp_path: Path) -> None:
    one = served("matched")
    with pytest.raises(Refused, match="not to be had now"):
        one.gateway().fetch(one.scene.batch, tmp_path / "release")
    assert not (tmp_path / "release").exists()


def test_the_receipt_of_another_agency_does_not_count(served: Start) -> None:
    one = served("dispatched")
    from portcullis.crypto import canonical  # noqa: PLC0415

    act = one.scene.cast.act("IRS-0001", "receipt", "0" * 64, AGREEMENT)
    assert one.call("POST", f"/v1/batches/{one.scene.batch}/receipt", canonical(act)).status == 422
    assert one.scene.state == "dispatched"


def test_commit_is_the_workers_only_after_two_signatures(served: Start) -> None:
    one = served("sampled")
    assert dict(Worker(one.scene.home).advance()) == {}
    with pytest.raises(Exception, match="not authorized"):
        commit_release(one.scene.home, one.scene.batch)
    assert journey.status(one.scene.home, one.scene.batch)["state"] == "sampled"
