"""Uploads of every bad kind, repeated and simultaneous ones: recorded once, refused plainly, and nothing of them left in the home."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from api_packing import Parts, form, nothing_left, packed, parts_of, post
from api_server import Served
from portcullis.datafile import BatchFolder
from portcullis.model import LeafType
from portcullis.store import schema

Start = Callable[..., Served]


@pytest.fixture
def honest(served: Start, tmp_path: Path) -> tuple[Served, Parts]:
    one = served("ready")
    return one, parts_of(packed(one, tmp_path / "batch"))


def changed(parts: Parts, **data: bytes) -> Parts:
    return [(name, file, data.get(name, content)) for name, file, content in parts]


BAD: Mapping[str, tuple[int, Callable[[Parts], bytes]]] = {
    "a part is missing": (400, lambda parts: form(parts[:2])),
    "a part is unknown": (400, lambda parts: form([*parts, ("extra", "x", b"x")])),
    "a part comes twice": (400, lambda parts: form([*parts, parts[0]])),
    "no parts": (400, lambda parts: b""),
    "not the stated form": (400, lambda parts: b"{}"),
    "cut in the middle": (400, lambda parts: form(parts)[:-400]),
    "a data file of another kind": (415, lambda parts: form([*parts[:3], ("data", "rows.xlsx", parts[3][2])])),
    "a name that leads elsewhere": (415, lambda parts: form([*parts[:3], ("data", "../../x", parts[3][2])])),
    "an envelope too large": (413, lambda parts: form(changed(parts, envelope=b" " * (1 << 20) + b"x"))),
    "a head without end": (400, lambda parts: b"--b0undary\r\nContent-Disposition: " + b"x" * 100_000),
}


def test_documents_travel_with_the_batch(honest: tuple[Served, Parts], tmp_path: Path) -> None:
    """An agreement that asks for none refuses a batch that brings some: so they arrive. The same batch without is received."""
    served, parts = honest
    post(served, form([*parts, ("documents", "documents.jsonl", b"{}\n")]))
    (refused,) = served.scene.leaves(LeafType.BATCH_REFUSED)
    assert refused["reason"] == "B-INTEGRITY"
    assert post(served, form(parts)).status == 202
    folder = packed(served, tmp_path / "another")
    (folder / "documents.jsonl").write_bytes(b"{}\n")
    found = BatchFolder.find(folder)
    assert (found.documents, found.engagements) == (folder / "documents.jsonl", folder / "engagements.jsonl"), "what the client sends"


def test_a_bad_upload_is_refused_and_leaves_nothing(honest: tuple[Served, Parts]) -> None:
    served, parts = honest
    for what, (status, body) in BAD.items():
        refused = post(served, body(parts))
        assert (refused.status, refused.headers["content-type"]) == (status, "application/problem+json"), what
        assert served.scene.count(schema.batch) == 0, what
        assert nothing_left(served), what
    assert post(served, form(parts)).status == 202


def test_another_form_of_body_is_refused(honest: tuple[Served, Parts]) -> None:
    served, parts = honest
    assert post(served, form(parts), kind="application/json").status == 415
    assert post(served, form(parts), kind="multipart/form-data").status == 415


def test_a_call_without_a_key_is_refused_by_name(honest: tuple[Served, Parts]) -> None:
    served, parts = honest
    refused = served.call("POST", "/v1/batches", form(parts), Content_Type="multipart/form-data; boundary=b0undary")
    assert (refused.status, refused.json()["members"]) == (400, ["Idempotency-Key"])


def test_an_envelope_of_another_agency_is_not_taken_from_this_one(honest: tuple[Served, Parts]) -> None:
    served, parts = honest
    envelope = json.loads(parts[0][2])
    from portcullis.crypto import canonical, decode64, encode64  # noqa: PLC0415

    payload = json.loads(decode64(envelope["payload"], "it"))
    envelope["payload"] = encode64(canonical(payload | {"agency": "DEA"}))
    assert post(served, form(changed(parts, envelope=canonical(envelope)))).status == 403
    assert served.scene.count(schema.batch) == 0


def test_what_cannot_be_read_is_recorded_as_refused_and_shown_to_its_sender(honest: tuple[Served, Parts]) -> None:
    served, parts = honest
    refused = post(served, form(changed(parts, envelope=b"{}"))).json()
    assert (refused["status"], refused["code"]) == (422, "B-NOT-WRITTEN")
    seen = served.call("GET", f"/v1/batches/{refused['batch']}").json()
    assert (seen["state"], seen["code"]) == ("refused", "B-NOT-WRITTEN")
    assert len(served.scene.leaves(LeafType.BATCH_REFUSED)) == 1


def test_the_same_call_again_answers_as_the_first_did(honest: tuple[Served, Parts]) -> None:
    served, parts = honest
    first, again = post(served, form(parts), "a" * 16), post(served, form(parts), "a" * 16)
    assert (first.status, again.status, first.json()) == (202, 202, again.json())
    assert first.headers["location"] == f"/v1/batches/{first.json()['batch']}"
    assert served.scene.count(schema.batch) == 1


def test_the_same_batch_under_another_key_is_a_replay(honest: tuple[Served, Parts]) -> None:
    served, parts = honest
    assert post(served, form(parts)).status == 202
    assert post(served, form(parts)).json()["rule"] == "R10"


def test_a_key_stands_for_one_envelope(honest: tuple[Served, Parts], tmp_path: Path) -> None:
    served, parts = honest
    assert post(served, form(parts), "a" * 16).status == 202
    other = parts_of(packed(served, tmp_path / "other"))
    assert post(served, form(other), "a" * 16).status == 422
    assert served.scene.count(schema.batch) == 1


def test_of_equal_calls_at_once_one_batch_comes(honest: tuple[Served, Parts]) -> None:
    served, parts = honest
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: post(served, form(parts), "a" * 16), range(4)))
    assert {(one.status, one.body) for one in answers} == {(202, answers[0].body)}
    assert (served.scene.count(schema.batch), served.scene.count(schema.api_call)) == (1, 1)
    assert nothing_left(served)


def test_an_upload_whose_sender_goes_away_leaves_nothing(honest: tuple[Served, Parts]) -> None:
    served, parts = honest
    body = form(parts)
    head = f"POST /v1/batches HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: {'b' * 16}\r\nContent-Length: {len(body)}\r\n"
    with served.line() as sent:
        sent.sendall(head.encode() + b"Content-Type: multipart/form-data; boundary=b0undary\r\n\r\n" + body[: len(body) // 2])
    assert post(served, form(parts)).status == 202
    assert served.scene.count(schema.batch) == 1
    assert nothing_left(served)


def test_a_sender_who_does_not_wait_for_the_answer_keeps_neither_the_batch_nor_the_server(honest: tuple[Served, Parts]) -> None:
    served, parts = honest
    body = form(parts)
    head = f"POST /v1/batches HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: {'c' * 16}\r\nContent-Length: {len(body)}\r\n"
    sent = served.line()
    sent.sendall(head.encode() + b"Content-Type: multipart/form-data; boundary=b0undary\r\n\r\n" + body)
    sent.close()
    again = post(served, body, "c" * 16)
    assert (again.status, served.scene.count(schema.batch)) == (202, 1)
    served.stop()
    assert served.ended


def test_a_data_file_over_the_homes_limit_is_cut_off(honest: tuple[Served, Parts]) -> None:
    from portcullis.api.uploads import PartLimits  # noqa: PLC0415

    served, parts = honest
    object.__setattr__(served.scene.home.settings, "max_file_bytes", 100)
    refused = post(served, form(parts))
    assert (refused.status, "at most 100 bytes" in refused.json()["detail"].lower()) == (413, True)
    assert PartLimits(10, 100).of("salts") == 320
