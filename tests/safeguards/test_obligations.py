"""Every look at what was received is on record, and only by the officers it was addressed to (R48)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from afterwards import FIRST, THIRD, Afterwards
from journey_home import Scene
from portcullis.crypto import canonical, key_id_of
from portcullis.errors import Refused, Tampered
from portcullis.exchange import Filing
from portcullis.home import Home
from portcullis.model import LeafType
from portcullis.recipient import open_answers, receive
from portcullis.recipient.own_record import add, check
from portcullis.release import deliver
from portcullis.safeguards import take, take_access_log

At = Callable[[str], Scene]


def look(after: Afterwards, log: Path, officer: str = FIRST, no_use: frozenset[tuple[str, int]] = frozenset()) -> list[int]:
    """The officer opens the release; returns the rows that were shown."""
    public = after.home.log_key.public
    arrived = receive(deliver(after.home, after.batch), lambda k: public if k == key_id_of(public) else None)
    how = {"officer": officer, "agreement": "irs-ice-2025", "access_log": log, "time": "2025-06-28T15:00:00Z"}
    return sorted(answer.ordinal for answer in open_answers(arrived, after.scene.cast.vault, no_use=no_use, **how))  # type: ignore[arg-type]


def hand_over(after: Afterwards, log: bytes, signed: bytes | None = None) -> int:
    about = {"matter": after.use().id, "entries": len((signed or log).splitlines()), "log": hashlib.sha256(signed or log).hexdigest()}

    def handler(home: Home, conn: object, filing: Filing) -> int:
        return take_access_log(home, conn, filing, log)  # type: ignore[arg-type]

    return take(after.home, after.filing("obligation.logged", about), handler)


def test_an_honest_log_has_no_strangers_and_a_stranger_in_it_is_counted(at: At, tmp_path: Path) -> None:
    after = Afterwards(at("dispatched"))
    log = tmp_path / "access.log"
    assert look(after, log) == [1, 2, 3]
    assert hand_over(after, log.read_bytes()) == 0
    stranger = log.read_bytes().replace(FIRST.encode(), THIRD.encode(), 1)
    assert hand_over(after, stranger) == 1
    assert [leaf["strangers"] for leaf in after.scene.leaves(LeafType.OBLIGATION_LOGGED)] == [0, 1]


def test_a_log_that_is_not_the_one_signed_for_is_refused(at: At, tmp_path: Path) -> None:
    after = Afterwards(at("dispatched"))
    log = tmp_path / "access.log"
    look(after, log)
    lines = log.read_bytes().splitlines(keepends=True)
    with pytest.raises(Refused, match="not the one that was signed"):
        hand_over(after, b"".join(lines[:-1]), signed=log.read_bytes())
    with pytest.raises(Refused, match="cannot be read"):
        hand_over(after, canonical({"officer": FIRST}) + b"\n")


def test_what_stands_on_the_no_use_list_is_not_shown_again(at: At, tmp_path: Path) -> None:
    after = Afterwards(at("dispatched"))
    assert look(after, tmp_path / "log", no_use=frozenset({(after.batch, 2)})) == [1, 3]


def test_the_recipients_own_record_shows_a_line_that_was_changed_or_removed(tmp_path: Path) -> None:
    record = tmp_path / "own.log"
    for number in range(4):
        add(record, {"kind": "obligation.noticed", "matter": f"M-2025-00000{number}"})
    assert check(record)[0] == 4
    lines = record.read_bytes().splitlines(keepends=True)
    record.write_bytes(b"".join([lines[0], *lines[2:]]))
    with pytest.raises(Tampered, match="Line 2"):
        check(record)
    record.write_bytes(b"".join(lines).replace(b"000001", b"000009"))
    with pytest.raises(Tampered):
        add(record, {"kind": "x"})
