"""Envelope, engagement and batch answer: exactly their members, each of its form."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portcullis.crypto import canonical
from portcullis.datafile import BatchAnswer, BatchFolder, Engagement, Envelope, ranges_of, read_engagements
from portcullis.errors import Refused

ENVELOPE = Envelope("irs-ice-2025", 1, "6103(i)(2)", "mailing_address", "ICE", "ICE-0001", 12, "ab" * 32, "cd" * 16, "2026-11-21T10:00:00Z")
ENGAGED = Engagement("irs-ice-2025", 1, "cd" * 16, "ab" * 32, "ICE-0002", ((1, 3), (5, 5), (9, 12)))
ANSWER = BatchAnswer(
    "B-2026-000001", "cd" * 16, "dispatched", 12, ((2, ("taxpayer address",)), (7, ("taxable period", "reason"))), 3, "ef" * 32
)


def changed(payload: Mapping[str, object], name: str, value: object) -> bytes:
    return canonical({**payload, name: value})


def test_each_comes_back_as_it_was_written() -> None:
    assert Envelope.parse(canonical(ENVELOPE.payload())) == ENVELOPE
    delegated = replace(ENVELOPE, delegation="D-7")
    assert Envelope.parse(canonical(delegated.payload())) == delegated
    assert Engagement.parse(canonical(ENGAGED.payload())) == ENGAGED
    assert BatchAnswer.parse(canonical(ANSWER.payload())) == ANSWER


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("count", 0),
        ("count", -5),
        ("count", True),
        ("count", "12"),
        ("count", 12.5),
        ("count", 1_000_000_000),
        ("count", 2**53 - 1),
        ("root", "AB" * 32),
        ("root", "ab" * 31),
        ("root", "ab" * 32 + "\n"),
        ("root", None),
        ("nonce", "cd" * 32),
        ("nonce", ""),
        ("time", "2026-11-21 10:00:00Z"),
        ("time", "2026-13-21T10:00:00Z"),
        ("time", "2026-02-30T10:00:00Z"),
        ("time", "2026-11-21T10:00:00+00:00"),
        ("time", "2026-11-21T25:00:00Z"),
        ("time", "٢٠٢٦-11-21T10:00:00Z"),
        ("agreement", "irs-ice-2025"),
        ("agreement", {"id": "irs-ice-2025"}),
        ("agreement", {"id": "irs-ice-2025", "version": "1"}),
        ("agreement", {"id": "../x", "version": 1}),
        ("agreement", {"id": "irs-ice-2025", "version": 1, "hash": ""}),
        ("agreement", {"id": "irs-ice-2025", "version": -1}),
        ("gate", ""),
        ("gate", " x"),
        ("gate", "x\ny"),
        ("agency", "x" * 200),
        ("agency", "ICÉ"),
        ("signer", 7),
        ("delegation", ""),
        ("delegation", {}),
        ("delegation", False),
        ("extra", 1),
    ],
)
def test_an_envelope_with_a_member_out_of_form_is_refused(name: str, value: object) -> None:
    with pytest.raises(Refused) as raised:
        Envelope.parse(changed(ENVELOPE.payload(), name, value))
    assert raised.value.code == "B-NOT-WRITTEN"


@pytest.mark.parametrize("member", list(ENVELOPE.payload()))
def test_an_envelope_without_one_of_its_members_is_refused(member: str) -> None:
    with pytest.raises(Refused):
        Envelope.parse(canonical({name: value for name, value in ENVELOPE.payload().items() if name != member}))


@pytest.mark.parametrize("payload", [b"", b"[]", b"null", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_object_is_refused(payload: bytes) -> None:
    for parse in (Envelope.parse, Engagement.parse, BatchAnswer.parse):
        with pytest.raises(Refused):
            parse(payload)


@given(st.sets(st.integers(1, 60), min_size=1))
def test_a_set_of_rows_has_one_spelling(ordinals: set[int]) -> None:
    engagement = replace(ENGAGED, ranges=ranges_of(ordinals))
    assert list(engagement.ordinals()) == sorted(ordinals) and engagement.count == len(ordinals)
    assert Engagement.parse(canonical(engagement.payload())) == engagement


@pytest.mark.parametrize(
    "ordinals",
    [
        [],
        [[1]],
        [[1, 2, 3]],
        [[2, 1]],
        [[0, 1]],
        [[-1, 1]],
        [[1, 2], [3, 4]],
        [[1, 2], [2, 4]],
        [[5, 6], [1, 2]],
        [[1, "2"]],
        [1, 2],
        "1-2",
        [[1, 10**9]],
        [[True, 2]],
    ],
)
def test_another_spelling_of_rows_is_refused(ordinals: object) -> None:
    with pytest.raises(Refused):
        Engagement.parse(changed(ENGAGED.payload(), "ordinals", ordinals))


def test_an_engagement_in_another_batch_or_beyond_its_rows_is_refused() -> None:
    """Signed for one file, it must not count for another."""
    ENGAGED.check(ENVELOPE)
    for other in (
        replace(ENVELOPE, root="00" * 32),
        replace(ENVELOPE, nonce="00" * 16),
        replace(ENVELOPE, agreement_id="other"),
        replace(ENVELOPE, agreement_version=2),
        replace(ENVELOPE, count=11),
    ):
        with pytest.raises(Refused):
            ENGAGED.check(other)


def test_engagements_are_read_line_by_line_and_each_officer_once(tmp_path: Path) -> None:
    path = tmp_path / "engagements.jsonl"
    lines = [canonical(replace(ENGAGED, officer=f"ICE-{n:04}").payload()) for n in range(3)]
    path.write_bytes(b"\n".join(lines) + b"\n")
    found = list(read_engagements(path, ENVELOPE, lambda line: line))
    assert [engagement.officer for _, engagement in found] == ["ICE-0000", "ICE-0001", "ICE-0002"]
    assert b"".join(line for line, _ in found) == path.read_bytes()
    path.write_bytes(b"\n".join([*lines, lines[0]]))
    with pytest.raises(Refused, match="twice"):
        list(read_engagements(path, ENVELOPE, lambda line: line))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("batch", "B-1"),
        ("answers", 11),
        ("answers", -1),
        ("count", 0),
        ("uniform", "no match for rows 3, 4"),
        ("sealed_root", "x"),
        ("deficient", {}),
        ("deficient", [{"ordinal": 2, "elements": []}]),
        ("deficient", [{"ordinal": 2, "elements": ["a"]}, {"ordinal": 2, "elements": ["a"]}]),
        ("deficient", [{"ordinal": 13, "elements": ["a"]}]),
        ("deficient", [{"ordinal": 2, "elements": ["a"], "reason": "M-ADDR-UNCONFIRMED"}]),
        ("matched", 3),
    ],
)
def test_a_batch_answer_out_of_form_is_refused(name: str, value: object) -> None:
    with pytest.raises(Refused):
        BatchAnswer.parse(changed(ANSWER.payload(), name, value))


def test_a_batch_answer_says_no_more_than_it_may() -> None:
    """No counts by reason, no list of those who are not on the register (R39)."""
    assert set(ANSWER.payload()) == {"batch", "nonce", "state", "count", "deficient", "answers", "sealed_root", "uniform"}
    assert set(json.loads(canonical(ANSWER.payload()))["deficient"][0]) == {"ordinal", "elements"}


def test_a_batch_folder_is_whole_and_holds_no_links(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"city\nx\n")
    folder = tmp_path / "batch"
    folder.mkdir()
    (folder / "salts.bin").write_bytes(bytes(32))
    (folder / "batch.json").write_bytes(b"{}")
    (folder / "data.csv").symlink_to(outside)
    with pytest.raises(Refused, match="0 data files"):
        BatchFolder.find(folder)
    (folder / "data.csv").unlink()
    (folder / "data.csv").write_bytes(b"city\nx\n")
    assert BatchFolder.find(folder).data.name == "data.csv" and BatchFolder.find(folder).engagements is None
    (folder / "data.jsonl").write_bytes(b"{}\n")
    with pytest.raises(Refused, match="2 data files"):
        BatchFolder.find(folder)
    (folder / "data.jsonl").unlink()
    (folder / "salts.bin").unlink()
    with pytest.raises(Refused, match=r"salts\.bin"):
        BatchFolder.find(folder)
