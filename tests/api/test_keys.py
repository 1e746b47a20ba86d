"""Who may not call: certificates that have ended, were made for another use, or hang from a root that is no more; and calls out of turn."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import update

from api_packing import form, packed, parts_of, post
from api_server import SECRET, Served
from portcullis.crypto import SigningKey, authority, canonical, encode64, issue
from portcullis.model import LeafType
from portcullis.store import schema

Start = Callable[..., Served]


def another(one: Served, name: str, begun: int, agency: str = "ICE") -> None:
    """A further machine of an agency, with a certificate from that time."""
    folder = one.folder / name
    folder.mkdir()
    root = one.scene.cast.roots[agency]
    certificate, key = issue(root, agency, ["localhost"], begun, 30, SECRET)
    (folder / "ca.pem").write_bytes(authority(root, agency, begun))
    (folder / "certificate.pem").write_bytes(certificate)
    (folder / "certificate-key.pem").write_bytes(key)
    one.tls[name] = folder


def test_a_certificate_that_has_ended_or_not_begun_gets_nowhere(served: Start) -> None:
    one = served("received")
    another(one, "ended", int(time.time()) - 31 * 86_400)
    another(one, "later", int(time.time()) + 86_400)
    another(one, "good", int(time.time()))
    path = f"/v1/batches/{one.scene.batch}"
    for name in ("ended", "later"):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            one.call("GET", path, agency=name)
    assert one.call("GET", path, agency="good").status == 200


def test_under_a_root_that_was_replaced_a_certificate_speaks_for_nobody(served: Start) -> None:
    """The file of authorities may lag behind: TLS still lets the machine in, and the gateway asks its own store."""
    one = served("received")
    path = f"/v1/batches/{one.scene.batch}"
    assert one.call("GET", path).status == 200
    p = schema.party
    new = encode64(SigningKey.generate().public)
    one.scene.step(lambda conn: conn.execute(update(p).where(p.c.agency == "ICE").values(root_public=new)))
    assert one.call("GET", path).status == 401
    assert one.call("GET", "/v1/agreements").status == 200, "what is public stays public"


def test_a_batch_signed_with_a_revoked_key_or_for_another_gateway_is_refused_on_record(served: Start, tmp_path: Path) -> None:
    from portcullis.officers import content_hash, revoke_key  # noqa: PLC0415
    from portcullis.synthetic import SIGNER  # noqa: PLC0415

    one = served("ready")
    parts = parts_of(packed(one, tmp_path / "batch"))
    key = one.scene.cast.keys[SIGNER].key_id
    act = one.scene.cast.act("root:ICE", "key.revoke", content_hash({"key_id": key}))
    one.scene.step(lambda conn: revoke_key(one.scene.home, conn, key, act))
    refused = post(one, form(parts))
    assert (refused.status, refused.json()["rule"]) == (422, "R01")
    assert len(one.scene.leaves(LeafType.BATCH_REFUSED)) == 1
    assert one.scene.leaves(LeafType.BATCH_RECEIVED) == []


def test_a_receipt_for_another_gateway_or_before_its_time_does_not_count(served: Start) -> None:
    for station in ("received", "committed"):
        one = served(station)
        act = one.scene.cast.act("ICE-1001", "receipt", "0" * 64, "irs-ice-2025")
        early = one.call("POST", f"/v1/batches/{one.scene.batch}/receipt", canonical(act))
        assert (early.status in (409, 422), one.scene.state) == (True, station)
    one = served("dispatched")
    cast = one.scene.cast
    elsewhere = one.scene.signed(cast.keys["ICE-1001"], "ICE-1001", "receipt", "0" * 64, origin="another.example/log")
    past = one.scene.signed(cast.keys["ICE-1001"], "ICE-1001", "receipt", "0" * 64, hours=-1)
    for act in (elsewhere, past):
        assert one.call("POST", f"/v1/batches/{one.scene.batch}/receipt", canonical(act)).status == 422
    assert (one.scene.state, one.scene.leaves(LeafType.RECEIPT)) == ("dispatched", [])
