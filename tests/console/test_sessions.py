"""Sessions stand in the store: they outlive a restart and are shared by several servers, and nothing in the store opens one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import select

from console_desk import Clock, Office, Person
from portcullis import backups
from portcullis.console.sessions import IDLE, Sessions
from portcullis.model import Role
from portcullis.store import open_store, reading, schema

Open = Callable[[str], Office]


def elsewhere(one: Office) -> Office:
    """A second server of the same home, with the same clock."""
    return Office(one.scene, one.clock).start()


def test_a_session_goes_on_at_another_server_and_after_a_restart_and_ends_at_both(office_both: Open) -> None:
    one = office_both("ready")
    person = one.enter(Role.COUNSEL)
    second = elsewhere(one)
    try:
        there = Person(second.port, second.origin, person.cookie)
        assert there.get("/queue").status == 200
        one.stop()
        page = there.get("/passkeys")
        assert there.call("POST", "/sign-out", {"token": page.field("token")}).status == 303
        back = Person(second.port, second.origin, person.cookie)
        assert back.get("/queue").status == 303
    finally:
        second.stop()


def test_the_idle_lock_counts_what_is_done_at_any_server(office: Open) -> None:
    one = office("ready")
    person = one.enter(Role.COUNSEL)
    second = elsewhere(one)
    try:
        there = Person(second.port, second.origin, person.cookie)
        one.clock.at += IDLE - 60
        assert there.get("/queue").status == 200
        one.clock.at += IDLE - 60
        assert person.get("/queue").status == 200
        one.clock.at += IDLE
        assert (there.get("/queue").status, person.get("/queue").status) == (303, 303)
        assert one.scene.count(schema.console_session) == 0
    finally:
        second.stop()


def test_what_the_store_holds_of_a_session_opens_none(office: Open) -> None:
    one = office("ready")
    person = one.enter(Role.COUNSEL)
    token, s = person.cookie.partition("=")[2], schema.console_session
    with one.scene.read() as conn:
        (row,) = conn.execute(select(s)).mappings().all()
    assert token not in {str(value) for value in row.values()}
    for value in row.values():
        assert Person(one.port, one.origin, f"portcullis-session={value}").get("/queue").status == 303
    assert person.get("/queue").status == 200


def test_a_challenge_of_another_home_or_with_another_time_is_none(office: Open) -> None:
    one, clock = office("ready"), Clock()
    sessions = Sessions(one.scene.home, clock)
    given = sessions.challenge()
    older = given[:16] + (int(clock.at) - 1).to_bytes(8, "big") + given[24:]
    assert (sessions.take(older), sessions.take(given[:24] + bytes(16)), sessions.take(b""), sessions.take(given)) == (
        False,
        False,
        False,
        True,
    )
    assert not Sessions(one.scene.home, clock).take(given), "used up at every server"


def test_a_clock_that_was_set_back_ends_what_was_begun_after(office: Open) -> None:
    one, clock = office("ready"), Clock()
    sessions = Sessions(one.scene.home, clock)
    token = sessions.begin("IRS-0006", "key")
    clock.at -= 3600
    assert sessions.find(token) is None


def test_a_backup_carries_no_session(office: Open, tmp_path: Path) -> None:
    one = office("ready")
    one.enter(Role.COUNSEL)
    backups.create(one.scene.home, tmp_path / "backup")
    copy = open_store(f"sqlite:///{tmp_path / 'backup' / 'store.db'}")
    with reading(copy) as conn:
        assert conn.execute(select(schema.console_session)).all() == []
    copy.dispose()
    assert one.scene.count(schema.console_session) == 1
