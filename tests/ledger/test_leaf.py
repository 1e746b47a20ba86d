"""Leaves: canonical, padded, without free text; the fast writer equals the slow one; reading is strict."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger_story import AGREEMENT, RULES, Story, digest
from portcullis.crypto import canonical
from portcullis.errors import OutOfOrder, Tampered
from portcullis.ledger import decode, encode, template
from portcullis.ledger.leaf import SIZES
from portcullis.ledger.members import REQUIRED
from portcullis.model import LeafType

TIME = "2025-11-21T10:00:00Z"
FIXED = {"agreement": AGREEMENT, "batch": "cd" * 16, "rules": RULES, "time": TIME}

thirty_two = st.binary(min_size=32, max_size=32)
codes = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:/+=@()-", min_size=1, max_size=40)


@given(st.binary(min_size=16, max_size=16), thirty_two, thirty_two)
def test_the_fast_writer_of_decisions_gives_the_same_bytes(request: bytes, decision: bytes, subject: bytes) -> None:
    fast = template("request.decided", FIXED, ["id", "decision", "subject"])(request, decision, subject)
    members = {"id": request.hex(), "decision": decision.hex(), "subject": subject.hex()}
    assert fast == encode("request.decided", {**FIXED, **members})
    pad = json.loads(fast)["pad"]
    assert fast == canonical({**FIXED, **members, "type": "request.decided", "v": 1, "pad": pad})
    assert len(fast) == 512


@given(st.binary(min_size=16, max_size=16), thirty_two, thirty_two, codes, st.integers(0, 10**9), codes)
def test_the_fast_writer_of_disclosures_gives_the_same_bytes(
    request: bytes, answer: bytes, accounting: bytes, purpose: str, elements: int, agency: str
) -> None:
    write = template("disclosure", {**FIXED, "agency": agency}, ["request", "elements", "answer", "purpose", "accounting"])
    members = {"request": request.hex(), "answer": answer.hex(), "accounting": accounting.hex(), "purpose": purpose, "elements": elements}
    expected = encode("disclosure", {**FIXED, "agency": agency, **members})
    assert write(request, elements, answer, purpose, accounting) == expected
    leaf = decode(expected)
    assert (leaf.type, {k: leaf.fields[k] for k in members}) == ("disclosure", members)


@pytest.mark.parametrize("values", [(b"x" * 15, b"y" * 32, b"z" * 32), ("0" * 32, b"y" * 32, b"z" * 32), (b"x" * 16, b"y" * 31, b"z" * 33)])
def test_the_fast_writer_takes_no_other_widths_or_types(values: tuple[object, ...]) -> None:
    with pytest.raises(OutOfOrder):
        template("request.decided", FIXED, ["id", "decision", "subject"])(*values)


def test_the_fast_writer_takes_no_free_text() -> None:
    write = template("disclosure", {**FIXED, "agency": "ICE"}, ["request", "answer", "accounting", "purpose", "elements"])
    for purpose in ("two words", 'x","y":"', "é", "", 5):
        with pytest.raises(OutOfOrder):
            write(bytes(16), bytes(32), bytes(32), purpose, 5)


@pytest.mark.parametrize("value", ["12 Elm Street", "Jane Q. Doe", "line\nbreak", 'quo"te', "é", "a\\b", 0.5, {"x": "two words"}, ["a b"]])
def test_no_leaf_takes_free_text_or_fractions_in_any_member(value: object) -> None:
    with pytest.raises(OutOfOrder):
        encode("register.loaded", {"time": TIME, "note": value})
    assert decode(encode("register.loaded", {"time": TIME, "note": "R-12:a/b"})).fields["note"] == "R-12:a/b"


def test_errors_name_the_member_and_never_its_value() -> None:
    with pytest.raises(OutOfOrder) as refused:
        encode("register.loaded", {"time": TIME, "reason": "Jane Q. Doe"})
    assert "'reason'" in str(refused.value)
    assert "Jane" not in str(refused.value)


@pytest.mark.parametrize(
    ("kind", "members"),
    [
        ("no.such.type", {}),
        ("batch.blocked", {"batch": "ab" * 16}),
        ("batch.blocked", {"batch": "AB" * 16, "why": "x"}),
        ("batch.closed", {"batch": "ab" * 16, "received": -1, "deficient": 0, "answered": 0, "other": 0}),
        ("batch.closed", {"batch": "ab" * 16, "received": True, "deficient": 0, "answered": 0, "other": 0}),
        ("inspection", {"who": "x", "why": "y", "command": "z", "time": "2025-02-30T10:00:00Z"}),
        ("inspection", {"who": "x", "why": "y", "command": "z", "time": "2025-11-21 10:00:00"}),
        ("inspection", {"who": "x", "why": "y", "command": "z", "act": {"payload": "x"}}),
        ("order.served", {"order": "D-1", "agreement": {"id": "x"}}),
        ("register.loaded", {"pad": "0"}),
    ],
)
def test_leaves_without_their_members_are_not_written(kind: str, members: dict[str, object]) -> None:
    with pytest.raises(OutOfOrder):
        encode(kind, {"time": TIME, **members})


def test_every_leaf_type_of_the_model_has_its_members() -> None:
    assert set(REQUIRED) == {kind.value for kind in LeafType}


def test_length_tells_nothing_within_a_type() -> None:
    story = Story().begin()
    story.whole()
    sizes: dict[str, set[int]] = {}
    for entry in story.leaves:
        assert len(entry) in SIZES
        sizes.setdefault(decode(entry).type, set()).add(len(entry))
    assert all(len(each) == 1 for each in sizes.values()), sizes


def test_a_size_can_be_asked_for_and_must_fit() -> None:
    assert len(encode("register.loaded", {"time": TIME}, size_class=8192)) == 8192
    with pytest.raises(OutOfOrder):
        encode("register.loaded", {"time": TIME}, size_class=5000)
    with pytest.raises(OutOfOrder):
        encode("register.loaded", {"time": TIME, "codes": ["x" * 200] * 3}, size_class=512)
    with pytest.raises(OutOfOrder):
        encode("register.loaded", {"time": TIME, "codes": ["x" * 200] * 400})


def leaf(**change: object) -> bytes:
    body = {"type": "register.loaded", "v": 1, "time": TIME, "content": digest("x"), "pad": "", **change}
    missing = 512 - len(canonical(body))
    return canonical({**body, "pad": "0" * missing}) if not body["pad"] else canonical(body)


@pytest.mark.parametrize(
    "data",
    [
        leaf(v=2),
        leaf(v=True),
        leaf(type="register.loathed"),
        leaf(type=5),
        leaf(time="2025-13-21T10:00:00Z"),
        leaf(time=5),
        leaf()[:-1],
        leaf() + b" ",
        b"\xef\xbb\xbf" + leaf()[:-3],
        leaf(pad="1"),
        b"0" * 512,
        b"[" + b"1," * 254 + b"1]]",
        b"",
    ],
)
def test_other_bytes_are_no_leaf(data: bytes) -> None:
    with pytest.raises(Tampered):
        decode(data)
    assert decode(leaf()).type == "register.loaded"


@given(st.integers(0, 511), st.integers(1, 255))
def test_no_changed_byte_leaves_a_leaf_of_the_same_meaning(at: int, change: int) -> None:
    good = template("request.decided", FIXED, ["id", "decision", "subject"])(bytes(16), bytes(32), bytes(32))
    bad = good[:at] + bytes([good[at] ^ change]) + good[at + 1 :]
    try:
        found = decode(bad)
    except Tampered:
        return
    assert found != decode(good)
