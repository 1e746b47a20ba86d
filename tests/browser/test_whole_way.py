"""The whole way in real Chromium: every person signs in and acts with a passkey, a stay comes in mid-flight, and the evidence verifies."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from console_desk import Office
from journey_home import OFFICERS, PLAN
from portcullis import export
from portcullis.crypto import key_id_of
from portcullis.intake.batch import receive
from portcullis.ledger.verify import verify
from portcullis.model import LeafType, Role
from portcullis.publish import publish
from portcullis.recipient import acknowledge
from portcullis.recipient import receive as arrive
from portcullis.release import deliver, record_receipt
from portcullis.steps.sample import draw
from portcullis.worker import Worker
from webdriver import Browser

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class People:
    """The people of the office at one browser, each with a passkey of their own."""

    office: Office
    browser: Browser
    passkeys: dict[str, dict[str, Any]] = field(default_factory=dict)
    here: str = ""
    authenticator: str = ""

    def enter(self, role: Role, number: int = 1) -> Browser:
        """Somebody sits down: the first time they make a passkey, and ever after they sign in with it."""
        person, browser = self.office.scene.person(role, number), self.browser
        if self.here:
            browser.press("form[action='/sign-out'] button")
            browser.forget(self.authenticator)
        self.here, self.authenticator = person, browser.authenticator()
        browser.go(self.office.origin + "/sign-in")
        if person not in self.passkeys:
            browser.press(f"button[value='{person}']")
            browser.go(self.office.origin + "/passkeys")
            browser.press("[data-passkey]")
            (made,) = browser.credentials(self.authenticator)
            self.passkeys[person] = made
            browser.press("form[action='/sign-out'] button")
        else:
            browser.hold(self.authenticator, self.passkeys[person])
            browser.go(self.office.origin + "/sign-in")
        browser.press("[data-passkey]")
        assert browser.url.endswith("/queue"), browser.source
        return browser

    def sign(self, form: str = "") -> None:
        """Sign what the page shows with the passkey."""
        self.browser.press(f"{form} [data-passkey]".strip())


def test_an_invited_person_makes_two_passkeys_and_works(office: Callable[[str], Office], browser: Browser, tmp_path: Path) -> None:
    one = office("matched")
    operator, held = one.enter(Role.OPERATOR), dict[str, str]()
    asked = operator.post("/keys/invite", operator.get("/keys"), person="IRS-0099", hours="72", **{"role-reviewer": "1"})
    named = {name: asked.field(name) for name in ("person", "code", "expires", "role-reviewer")}
    operator.post("/keys/invite/sign", asked, act=asked.field("act"), **named, **{"with": "demo"})
    browser.go(one.origin + "/invitation")
    browser.keys("#code", named["code"])
    browser.press("main button")
    for device in ("desk", "pocket"):
        held[device] = browser.authenticator()
        browser.press("[data-passkey]")
        assert "Your passkey was made" in browser.source, browser.source
        key_id = browser.run("return document.querySelector('main code').textContent")
        page = operator.get(f"/keys/{key_id}")
        assert operator.post(f"/keys/{key_id}/enrol", page, act=page.field("act"), **{"with": "demo"}).status == 303
        if device == "desk":
            browser.forget(held["desk"])  # the second is made on another device
    browser.go(one.origin + "/sign-in")
    browser.press("[data-passkey]")
    browser.go(f"{one.origin}/batches/{one.scene.batch}/review/7")
    browser.click("label[for='refuse']")
    browser.keys("#code", "It cannot be told")
    browser.press("form.decide button")
    browser.press("[data-passkey]")
    (leaf,) = one.scene.leaves(LeafType.REVIEW_RECORDED)
    assert "authenticator_data" in leaf["act"]["signatures"][0]
    export.export_bundle(one.scene.home, tmp_path / "bundle", trust=tmp_path / "trust.json")
    command = [sys.executable, str(ROOT / "verifier" / "verify.py"), str(tmp_path / "bundle"), "--trust", str(tmp_path / "trust.json")]
    assert subprocess.run(command, capture_output=True, timeout=120, check=False).returncode == 0


def test_the_whole_way_with_passkeys(office: Callable[[str], Office], browser: Browser, tmp_path: Path) -> None:
    one = office("ready")
    scene, home = one.scene, one.scene.home
    people = People(one, browser)

    batch = scene.send(plan=PLAN).batch_id
    refused = receive(home, scene.inbox / "batch-1")  # sent a second time
    assert refused.rule == "R10"
    worker = Worker(home)
    assert dict(worker.advance())[batch] == "matched"

    people.enter(Role.REVIEWER)
    browser.go(f"{one.origin}/batches")
    assert refused.batch_id in browser.source and batch in browser.source
    browser.go(f"{one.origin}/batches/{batch}/review")
    for ordinal in (7, 8):
        assert browser.url.endswith(f"/review/{ordinal}"), "the next opens itself"
        browser.click("label[for='refuse']")
        browser.keys("#code", "It cannot be told")
        browser.press("form.decide button")
        people.sign()
    assert "Nothing waits for review" in browser.source

    assert dict(worker.advance())[batch] == "reviewed"
    draw(home, batch, scene.cast.numbers[0])
    people.enter(Role.OVERSEER)
    browser.go(f"{one.origin}/batches/{batch}/sample")
    browser.run("document.querySelectorAll('input[value=ok]').forEach((one) => { one.checked = true })")
    browser.press("form[method='post']:not([action]) button")
    people.sign()
    assert dict(worker.advance())[batch] == "sampled"

    def authorize() -> None:
        for number in (1, 2):
            people.enter(Role.AUTHORIZER, number)
            browser.go(f"{one.origin}/batches/{batch}/authorize")
            people.sign(f"form[action='/batches/{batch}/authorize']")
        assert dict(worker.advance())[batch] == "committed"

    authorize()
    people.enter(Role.OPERATOR)
    browser.go(f"{one.origin}/batches/{batch}/release")
    assert browser.run("return document.querySelector(\"form[action$='/dispatch']\") !== null")

    counsel = one.enter(Role.COUNSEL)  # in mid-flight, from elsewhere, while the operator looks at the button
    page = counsel.get("/orders")
    asked = counsel.post("/orders", page, order="25-cv-0457", court_time="2025-06-28T09:00", agreement="", agency="")
    hidden = {name: asked.field(name) for name in ("order", "agreement", "agency", "court_time")}
    assert counsel.post("/orders/sign", asked, act=asked.field("act"), **hidden, **{"with": "demo"}).status == 200
    browser.press("form[action$='/dispatch'] button")
    assert "is not committed" in browser.source
    assert scene.leaves(LeafType.DISCLOSURE) == []

    for role in (Role.COUNSEL, Role.OVERSEER):  # each at their own desk, with their own passkey
        people.enter(role)
        browser.go(f"{one.origin}/orders")
        browser.press("form[action='/orders/lift'] button")
        people.sign()
    assert "is lifted" in browser.source and scene.row()["held"] == 0
    (lifted,) = scene.leaves(LeafType.ORDER_LIFTED)
    assert all("authenticator_data" in act["signatures"][0] for act in lifted["acts"])
    authorize()
    people.enter(Role.OPERATOR)
    browser.go(f"{one.origin}/batches/{batch}/release")
    browser.press("form[action$='/dispatch'] button")
    assert scene.state == "dispatched"

    arrived = arrive(deliver(home, batch), lambda key_id: home.log_key.public if key_id == key_id_of(home.log_key.public) else None)
    said = {"officer": OFFICERS[0], "origin": home.settings.origin, "agreement": "irs-ice-2025", "nonce": "b" * 32}
    record_receipt(home, batch, acknowledge(arrived, scene.cast.keys[OFFICERS[0]], expires=home.now() + 3600, **said))
    publish(home)

    people.enter(Role.COUNSEL)
    browser.go(f"{one.origin}/accounting")
    from journey_home import rows_of  # noqa: PLC0415

    row = rows_of()[0]
    browser.keys("#given_name", str(row["given_name"]))
    browser.keys("#family_name", str(row["family_name"]))
    browser.keys("#date_of_birth", str(row["date_of_birth"]))
    browser.press("form[action='/accounting'] button")
    assert browser.url == f"{one.origin}/accounting"
    assert batch in browser.source

    meant = (
        "409 (Conflict)",
        "pubKeyCredParams is missing",
    )  # the dispatch that a stay refused; RSA is not offered, and Chromium advises it
    assert [message for message in browser.messages() if not any(words in message for words in meant)] == []
    elsewhere = [url for url in browser.asked() if not url.startswith((one.origin + "/", "chrome:", "data:"))]
    assert elsewhere == []

    signed = scene.leaves(LeafType.RELEASE_AUTHORIZED)
    assert len(signed) == 4 and all("authenticator_data" in leaf["act"]["signatures"][0] for leaf in signed)
    export.export_bundle(home, tmp_path / "bundle", trust=tmp_path / "trust.json")
    found = verify(tmp_path / "bundle", (tmp_path / "trust.json").read_bytes())
    assert (found["verified"], found["first_failure"]) == (True, None)
    command = [sys.executable, str(ROOT / "verifier" / "verify.py"), str(tmp_path / "bundle"), "--trust", str(tmp_path / "trust.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, "VERIFIED" in done.stdout) == (0, True), done.stdout + done.stderr
