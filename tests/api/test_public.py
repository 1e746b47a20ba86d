"""What anybody may read, what is limited, and what the document of the API says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from api_server import Served
from portcullis.api import application
from portcullis.api.limits import Limiter
from portcullis.api.server import check_address, check_authorities
from portcullis.crypto import SigningKey, authority
from portcullis.errors import Refused

Start = Callable[..., Served]
ROOT = Path(__file__).resolve().parents[2]


def test_the_public_part_of_an_agreement(served: Start) -> None:
    one = served("received")
    (line,) = one.call("GET", "/v1/agreements").json()
    assert (line["id"], line["state"]) == ("irs-ice-2025", "in_force")
    found = one.call("GET", "/v1/agreements/irs-ice-2025").json()
    assert (found["source"], found["recipient"], found["hash"]) == ("IRS", "ICE", line["hash"])
    assert {"id": "R12", "title": "The address of the taxpayer is stated", "citation": "26 U.S.C. 6103(i)(2)(B)(i)"} in found["rules"]
    assert one.call("GET", "/v1/agreements/another").status == 404


def test_checkpoint_and_tiles_are_served_and_entries_are_not(served: Start) -> None:
    one = served("received")
    note = one.call("GET", "/ledger/checkpoint")
    assert (note.status, note.body) == (200, (one.scene.home.ledger / "checkpoint").read_bytes())
    width = int(note.body.splitlines()[1])
    assert len(one.call("GET", f"/ledger/tile/0/000.p/{width}").body) == 32 * width
    entries = one.call("GET", f"/ledger/tile/entries/000.p/{width}")
    assert (entries.status, entries.headers["content-type"]) == (403, "application/problem+json")
    for path in ("tile/0/../../../portcullis.toml", "tile/0/%2e%2e/%2e%2e/%2e%2e/portcullis.toml", "tile/9/000", "portcullis.toml"):
        assert one.call("GET", f"/ledger/{path}").status == 404


def test_nothing_is_kept_by_caches_but_what_never_changes(served: Start) -> None:
    one = served("received")
    assert one.call("GET", f"/v1/batches/{one.scene.batch}").headers["cache-control"] == "no-store"
    assert one.call("GET", "/v1/nowhere").headers["cache-control"] == "no-store"
    assert "immutable" not in one.call("GET", "/ledger/checkpoint").headers["cache-control"]


def test_too_many_calls_are_told_to_wait(served: Start) -> None:
    one = served("received", rate=0.01, burst=3)
    statuses = [one.call("GET", "/v1/agreements").status for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    refused = one.call("GET", "/v1/agreements")
    assert int(refused.headers["retry-after"]) >= 1


def test_a_bucket_fills_again_and_is_forgotten_when_full() -> None:
    now = [0.0]
    limiter = Limiter(lambda *_: None, rate=1.0, burst=2, clock=lambda: now[0])  # type: ignore[arg-type,return-value]
    assert [limiter._wait("a") for _ in range(3)] == [0.0, 0.0, 1.0]
    now[0] = 1.0
    assert (limiter._wait("a"), limiter._wait("b")) == (0.0, 0.0)
    now[0] = 60.0
    limiter._forget(60.0)
    assert limiter._buckets == {}


def test_other_machines_are_served_over_tls_only() -> None:
    check_address("127.0.0.1", None)
    with pytest.raises(Refused, match="Without TLS only this machine"):
        check_address("0.0.0.0", None)  # noqa: S104 - refused


def test_an_authority_that_is_no_agencys_root_is_refused_at_the_start(served: Start, tmp_path: Path) -> None:
    one = served("received")
    check_authorities(one.scene.home, one.folder / "authorities.pem")
    (tmp_path / "other.pem").write_bytes(authority(SigningKey.generate(), "ICE", 1_795_000_000))
    with pytest.raises(Refused, match="no agency's root"):
        check_authorities(one.scene.home, tmp_path / "other.pem")


def test_the_document_of_the_api_is_the_apis() -> None:
    committed = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
    assert committed == json.loads(json.dumps(application(None).openapi()))


def test_every_call_documents_its_problems() -> None:
    for path, calls in application(None).openapi()["paths"].items():
        for method, call in calls.items():
            assert "application/problem+json" in call["responses"]["default"]["content"], (method, path)
            assert "422" not in call["responses"] or "HTTPValidationError" not in json.dumps(call), (method, path)
