"""Every screen as every role and as nobody; separation of duties; tokens, sessions and headers: what the server enforces."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from console_desk import Office, Page, Person
from journey_home import Scene
from portcullis.console.screens import EVERYBODY, SCREENS
from portcullis.console.security import POLICY
from portcullis.console.sessions import ABSOLUTE, CHALLENGE, IDLE, Sessions
from portcullis.model import LeafType, Role
from portcullis.officers import content_hash, revoke_key

Open = Callable[[str], Office]
ROLES = sorted(EVERYBODY)


def address(path: str, batch: str) -> str:
    """A screen's path with values that exist."""
    for name, value in (
        ("{batch}", batch),
        ("{ordinal:int}", "7"),
        ("{agreement}", "irs-ice-2025"),
        ("{rule}", "R12"),
        ("{version:int}", "1"),
        ("{key}", "0" * 16),
        ("{matter}", "M-2025-000001"),
    ):
        path = path.replace(name, value)
    return path


def token_of(person: Person) -> str:
    return person.get("/passkeys").field("token")


def test_every_screen_as_every_role_and_as_nobody(office: Open) -> None:
    one = office("matched")
    batch = one.scene.batch
    nobody, people = one.nobody(), {role: one.enter(role) for role in ROLES}
    tokens = {role: token_of(person) for role, person in people.items()}
    before = len(one.scene.leaves())
    for screen in (s for s in SCREENS if s.roles and s.path != "/sign-out"):
        path = address(screen.path, batch)
        answer = nobody.call(screen.method, path)
        wanted = (303, "/sign-in") if screen.method == "GET" else (401, None)
        assert (answer.status, answer.headers.get("location")) == wanted, (screen.method, screen.path)
        for role in ROLES:
            form = {"token": tokens[role]} if screen.method == "POST" else None
            got = people[role].call(screen.method, path, form)
            if role in screen.roles:
                assert got.status in (200, 303, 409, 422), (screen.method, screen.path, role, got.status, got.text)
            else:
                assert got.status == 403, (screen.method, screen.path, role)
            if screen.method == "POST" and role in screen.roles:
                assert people[role].call("POST", path, {"token": "0" * 64}).status == 403, (screen.path, role)
                assert people[role].call("POST", path, form, Origin="http://evil.example").status == 403, (screen.path, role)
    written = {leaf["type"] for leaf in one.scene.leaves()[before:]}
    assert written <= {"inspection"}, "no form without a signature may change anything but the record of looks"


def test_the_sign_in_page_is_all_that_nobody_gets(office: Open) -> None:
    one = office("ready")
    nobody = one.nobody()
    front = nobody.get("/")
    assert (front.status, "Sign in" in front.text) == (200, True)
    open_to_all = ["/", "/sign-in", "/sign-in", "/invitation", "/invitation", "/invitation/passkey"]
    assert [s.path for s in SCREENS if not s.roles] == open_to_all
    assert nobody.get("/static/console.css").status == 200
    assert nobody.get("/static/../sessions.py").status == 404
    assert nobody.get("/nowhere").status == 404
    assert nobody.get("/ledger/checkpoint").status == 200
    assert nobody.get("/v1/agreements").status == 200


def test_one_person_has_one_role_in_a_batch(office: Open) -> None:
    from portcullis.batches import assign  # noqa: PLC0415

    one = office("matched")
    batch, reviewer = one.scene.batch, one.scene.person(Role.REVIEWER)
    person = one.enter(Role.REVIEWER)
    assert person.get(f"/batches/{batch}/review/7").status == 200
    one.scene.step(lambda conn: assign(conn, batch, reviewer, "authorizer"))
    refused = person.get(f"/batches/{batch}/review/7")
    assert (refused.status, "You are authorizer of this batch" in refused.text) == (403, True)


def test_a_revoked_key_is_out_at_the_next_request(office: Open) -> None:
    one = office("ready")
    person = one.enter(Role.COUNSEL)
    assert person.get("/queue").status == 200
    key = one.scene.cast.keys[one.scene.person(Role.COUNSEL)].key_id
    act = one.scene.cast.act("root:IRS", "key.revoke", content_hash({"key_id": key}))
    one.scene.step(lambda conn: revoke_key(one.scene.home, conn, key, act))
    assert person.get("/queue").status == 403


def test_a_session_locks_when_idle_and_ends_whatever_happens(office: Open) -> None:
    one = office("ready")
    person = one.enter(Role.COUNSEL)
    one.clock.at += IDLE - 1
    assert person.get("/queue").status == 200
    one.clock.at += IDLE
    assert person.get("/queue").status == 303
    again = one.enter(Role.COUNSEL)
    for _ in range(ABSOLUTE // (IDLE - 60) + 1):
        one.clock.at += IDLE - 60
        last = again.get("/queue").status
    assert last == 303


def test_a_page_that_asks_by_itself_keeps_no_session_awake(office: Open) -> None:
    one = office("matched")
    person = one.enter(Role.REVIEWER)
    polled = [address(screen.path, one.scene.batch) for screen in SCREENS if screen.polled]
    assert len(polled) == 2
    for _ in range(IDLE // 60 - 1):
        one.clock.at += 60
        assert [person.get(path).status for path in polled] == [200, 200]
    one.clock.at += 60
    assert person.get("/queue").status == 303, "nobody was there for 15 minutes"
    pages = (person := one.enter(Role.REVIEWER)).get("/queue").text, person.get(f"/batches/{one.scene.batch}").text
    asked = {found for page in pages for found in re.findall(r'hx-get="([^"]*)"', page)}
    assert asked == set(polled), "whatever a page asks for by itself is known as such"


def test_a_session_that_was_brought_along_never_becomes_one(office: Open) -> None:
    one = office("ready")
    one.save_keys()
    person = one.nobody()
    person.cookie = "portcullis-session=chosen-by-somebody-else"
    page = person.get("/sign-in")
    person.call("POST", "/sign-in", {"challenge": page.field("challenge"), "person": one.scene.person(Role.COUNSEL)})
    assert "chosen" not in person.cookie
    fixed = Person(one.port, one.origin, "portcullis-session=chosen-by-somebody-else")
    assert fixed.get("/queue").status == 303


def test_signing_in_again_ends_the_session_before(office: Open) -> None:
    one = office("ready")
    person = one.enter(Role.COUNSEL)
    before = Person(one.port, one.origin, person.cookie)
    person.call("POST", "/sign-out", {"token": token_of(person)})
    assert before.get("/queue").status == 303


def test_a_challenge_is_good_once_and_for_a_while(at: Callable[[str], Scene]) -> None:
    now = [1000.0]
    sessions = Sessions(at("ready").home, lambda: now[0])
    first, late = sessions.challenge(), sessions.challenge()
    assert (sessions.take(first), sessions.take(first), sessions.take(b"x" * 32)) == (True, False, False)
    now[0] += CHALLENGE
    assert not sessions.take(late)


def test_a_sign_in_by_key_file_answers_the_pages_own_challenge(office: Open) -> None:
    from portcullis.crypto import canonical  # noqa: PLC0415

    one = office("ready")
    person, cast = one.nobody(), one.scene.cast
    page = person.get("/sign-in")
    counsel = one.scene.person(Role.COUNSEL)

    def act(challenge: str, who: str = counsel, action: str = "console.sign-in") -> str:
        return canonical(cast.act(who, action, content_hash({"challenge": challenge}))).decode()

    challenge = page.field("challenge")
    other = person.get("/sign-in").field("challenge")
    assert person.call("POST", "/sign-in", {"challenge": challenge, "envelope": act(other)}).status == 403
    challenge = person.get("/sign-in").field("challenge")
    assert person.call("POST", "/sign-in", {"challenge": challenge, "envelope": act(challenge, action="order.impose")}).status == 403
    challenge = person.get("/sign-in").field("challenge")
    assert person.call("POST", "/sign-in", {"challenge": challenge, "envelope": act(challenge, "ICE-1001")}).status in (403,)
    challenge = person.get("/sign-in").field("challenge")
    assert person.call("POST", "/sign-in", {"challenge": challenge, "envelope": act(challenge)}).status == 303
    assert person.call("POST", "/sign-in", {"challenge": challenge, "envelope": act(challenge)}).status == 403


def test_a_home_that_is_no_demonstration_signs_for_nobody(office: Open) -> None:
    from portcullis.home import DEMO_SECRET  # noqa: PLC0415

    one = office("sampled")
    person = one.enter(Role.AUTHORIZER)
    page = person.get(f"/batches/{one.scene.batch}/authorize")
    (one.scene.home.path / "keys" / DEMO_SECRET).unlink()
    refused = person.post(f"/batches/{one.scene.batch}/authorize", page, act=page.field("act"), **{"with": "demo"})
    assert (refused.status, "holds no key of yours" in refused.text) == (422, True)
    nobody = one.nobody()
    page = nobody.get("/sign-in")
    assert "Demonstration" not in page.text
    entering = {"challenge": page.field("challenge"), "person": one.scene.person(Role.COUNSEL)}
    assert nobody.call("POST", "/sign-in", entering).status == 403


def test_nobody_signs_in_anothers_name(office: Open) -> None:
    one = office("sampled")
    first, second = one.enter(Role.AUTHORIZER, 1), one.enter(Role.AUTHORIZER, 2)
    path = f"/batches/{one.scene.batch}/authorize"
    theirs, mine = first.get(path), second.get(path)
    refused = second.post(path, mine, act=theirs.field("act"), **{"with": "demo"})
    assert refused.status == 422
    assert one.scene.leaves(LeafType.RELEASE_AUTHORIZED) == []


def test_an_act_counts_once_and_the_back_button_does_nothing(office: Open) -> None:
    one = office("sampled")
    person = one.enter(Role.AUTHORIZER)
    path = f"/batches/{one.scene.batch}/authorize"
    page = person.get(path)
    sent = {"act": page.field("act"), "with": "demo"}
    assert person.post(path, page, **sent).status == 303
    assert person.post(path, page, **sent).status == 422
    assert len(one.scene.leaves(LeafType.RELEASE_AUTHORIZED)) == 1


def test_what_changed_since_the_page_was_opened_is_not_signed(office: Open) -> None:
    one = office("sampled")
    person, other = one.enter(Role.AUTHORIZER), one.enter(Role.AUTHORIZER, 2)
    path = f"/batches/{one.scene.batch}/authorize"
    page, back = person.get(path), other.get(path)
    assert other.post(path, back, act=back.field("act"), **{"with": "demo"}).status == 303
    again = other.get(path)
    returned = other.post(f"/batches/{one.scene.batch}/return", again, act=again.field("act"), **{"with": "demo"})
    assert returned.status == 303, returned.text
    refused = person.post(path, page, act=page.field("act"), **{"with": "demo"})
    assert (refused.status, "another content" in refused.text) == (422, True)


def test_counsel_stops_everything_in_two_clicks_and_a_key(office: Open) -> None:
    one = office("committed")
    counsel = one.enter(Role.COUNSEL)
    page = counsel.get("/orders")
    asked = counsel.post("/orders", page, order="25-cv-0457", court_time="2026-11-21T09:00", agreement="", agency="")
    assert "It stops 1 batches" in asked.text, asked.text
    hidden = {name: asked.field(name) for name in ("order", "agreement", "agency", "court_time")}
    done = counsel.post("/orders/sign", asked, act=asked.field("act"), **hidden, **{"with": "demo"})
    assert (done.status, one.scene.state) == (200, "sampled"), done.text
    operator = one.enter(Role.OPERATOR)
    refused = operator.call("POST", f"/batches/{one.scene.batch}/dispatch", {"token": token_of(operator)})
    assert refused.status in (409, 422)
    assert one.scene.leaves(LeafType.DISCLOSURE) == []


PERSONAL = ("family_name", "given_name", "address_line", "taxpayer_number")


def test_no_page_has_a_script_a_style_or_an_address_from_elsewhere(office: Open) -> None:
    one = office("matched")
    people = {role: one.enter(role) for role in ROLES}
    seen = 0
    for screen in (s for s in SCREENS if s.method == "GET"):
        role = next((r for r in ROLES if r in screen.roles), Role.COUNSEL)
        page: Page = people[role].get(address(screen.path, one.scene.batch))
        assert page.headers["content-security-policy"] == POLICY, screen.path
        assert page.headers["cache-control"] == "no-store", screen.path
        if page.status != 200:
            continue
        seen += 1
        assert re.findall(r"<script(?![^>]*src=)", page.text) == [], screen.path
        assert re.findall(r"<style|\sstyle=|\son[a-z]+=", page.text) == [], screen.path
        assert re.findall(r'(?:src|href|action)="(?:https?:)?//', page.text) == [], screen.path
    assert seen > 15


def test_no_personal_value_stands_in_an_address(office: Open) -> None:
    one = office("matched")
    reviewer = one.enter(Role.REVIEWER)
    page = reviewer.get(f"/batches/{one.scene.batch}/review/7")
    from journey_home import rows_of  # noqa: PLC0415

    row = rows_of()[6]
    values = [row[name] for name in PERSONAL if row.get(name)]
    assert values and any(value and value in page.text for value in values)
    addresses = re.findall(r'(?:href|action|src)="([^"]*)"', page.text)
    assert [value for value in values if value and any(value in one for one in addresses)] == []


def test_a_look_is_on_record_before_it_is_shown(office: Open) -> None:
    one = office("matched")
    reviewer = one.enter(Role.REVIEWER)
    before = len(one.scene.leaves(LeafType.INSPECTION))
    reviewer.get(f"/batches/{one.scene.batch}/requests/1")
    (made,) = one.scene.leaves(LeafType.INSPECTION)[before:]
    assert (made["who"], made["command"]) == (one.scene.person(Role.REVIEWER), "console.request")


@pytest.mark.parametrize("path", ["/batches/B-2025-000001/requests?after=x", "/batches/B-1999-000001", "/rules/R999", "/agreements/none"])
def test_what_is_not_there_is_said_plainly(office: Open, path: str) -> None:
    one = office("received")
    refused = one.enter(Role.COUNSEL).get(path)
    assert (refused.status, "Traceback" in refused.text) == (422, False)
