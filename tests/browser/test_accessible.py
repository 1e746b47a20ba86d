"""Every screen in real Chromium: axe-core finds nothing (WCAG 2.2 AA), and nothing runs over the edge at 400 % zoom, 320 pixels wide.

Normal, empty, dense, after an error, and without JavaScript; what is shown after a form was sent as well.

`DECIDED` holds what axe cannot judge and a person has looked at; anything else it asks a person about fails the test.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from browser_desk import enter
from console_desk import Office
from portcullis.console.batches import PAGE
from portcullis.console.screens import SCREENS
from portcullis.model import Role
from portcullis.orders import Scope, impose, order_content
from portcullis.store import schema
from webdriver import Browser, why_not

pytestmark = pytest.mark.browser
AXE = (Path(__file__).parent / "vendored" / "axe.min.js").read_text(encoding="utf-8")
RUN = """
const done = arguments[arguments.length - 1];
if (arguments[0]) window.setTimeout = (then) => { Promise.resolve().then(then); return 0; };  // timers of a page without scripts never ring
const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
axe.run(document, { runOnly: { type: "tag", values: tags } }).then((found) => done({
  violations: found.violations.map((one) => one.id + ": " + one.nodes.map((node) => node.html.slice(0, 160)).join(" | ")),
  incomplete: found.incomplete.map((one) => one.id),
}));
"""
DECIDED: dict[str, str] = {
    "color-contrast": "text in an SVG, beside a drawn radio button, in a select: #1b1b1b on #ffffff is 17:1.",
}
"""Rule of axe → why a person found it to hold."""
STATIONS = {"ready": "nothing yet", "matched": "reviews wait", "sampled": "authorizations wait", "dispatched": "it has left"}
FORMS = (
    (Role.COUNSEL, "/orders"),
    (Role.COUNSEL, "/agreements/irs-ice-2025"),
    (Role.OPERATOR, "/keys"),
    (Role.SAFEGUARDS, "/safeguards"),
)
"""Pages that show more to these roles than to others."""


def checked(browser: Browser, plain: bool) -> dict[str, Any]:
    browser.run(AXE + "; window.axe = axe;" if "window.axe" not in AXE else AXE)
    found: dict[str, Any] = browser.run_later(RUN, plain)
    return found


def pages(one: Office) -> list[tuple[Role, str]]:
    """Each page that can be looked at, with somebody who may."""
    found = []
    for screen in SCREENS:
        if screen.method != "GET" or not screen.roles or screen.path.endswith("/counts"):
            continue
        if "{batch}" in screen.path and not one.scene.batch:
            continue
        path = screen.path.replace("{batch}", one.scene.batch).replace("{ordinal:int}", "7")
        path = (
            path.replace("{agreement}", "irs-ice-2025")
            .replace("{rule}", "R12")
            .replace("{version:int}", "1")
            .replace("{matter}", "M-2025-000001")
        )
        path = path.replace("{key}", one.scene.cast.keys[one.scene.person(Role.OVERSEER)].key_id)
        found.append((sorted(screen.roles)[0], path))
    return sorted({*found, *FORMS, (Role.OPERATOR, "/invitation")})


@pytest.mark.parametrize("station", STATIONS)
def test_every_screen_is_accessible_and_fits(office: Callable[[str], Office], browser: Browser, station: str) -> None:
    one = office(station)
    browser.go(one.origin + "/")
    wrong = {("sign-in", kind): value for kind, value in problems(browser).items() if value}
    here: Role | None = None
    for role, path in pages(one):
        if role is not here:
            enter(browser, one, role)
            here = role
        browser.resize(1280, 1000)
        browser.go(one.origin + path)
        wrong |= {(path, kind): value for kind, value in problems(browser).items() if value}
    assert wrong == {}
    assert [url for url in browser.asked() if not url.startswith((one.origin + "/", "chrome:", "data:"))] == []
    assert [said for said in browser.messages() if "Failed to load resource" not in said] == []  # refusals are answers


def problems(browser: Browser, *, plain: bool = False) -> dict[str, Any]:
    """What is wrong with the page: violations, what nobody has decided, and what runs over the edge at 320 pixels."""
    found = checked(browser, plain)
    browser.resize(320, 256, 4)  # 1280 by 1024 at 400 % zoom (WCAG 2.2, 1.4.10)
    over = browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
    browser.resize(1280, 1000)
    return {"violations": found["violations"], "undecided": sorted(set(found["incomplete"]) - set(DECIDED)), "over the edge": over}


def looked(browser: Browser, one: Office, wanted: list[tuple[Role, str]]) -> dict[tuple[str, str], Any]:
    """What is wrong with these pages, each opened by somebody who may."""
    wrong: dict[tuple[str, str], Any] = {}
    here: Role | None = None
    for role, path in wanted:
        if role is not here:
            enter(browser, one, role)
            here = role
        browser.go(one.origin + path)
        wrong |= {(path, kind): value for kind, value in problems(browser).items() if value}
    return wrong


def test_every_screen_is_accessible_without_javascript(office: Callable[[str], Office]) -> None:
    if reason := why_not():
        pytest.skip(reason)
    one, plain = office("sampled"), Browser(scripts=False)
    try:
        plain.go(one.origin + "/")
        assert "A passkey needs a script" in plain.source, "the page's own scripts are off"
        wrong: dict[tuple[str, str], Any] = {}
        here: Role | None = None
        for role, path in pages(one):
            if role is not here:
                plain.go(one.origin + "/")
                if "Sign out" in plain.source:
                    plain.click("form[action='/sign-out'] button")
                    plain.until(lambda: "<h2>Demonstration</h2>" in plain.source, "the sign-in")
                plain.click(f"button[value='{one.scene.person(role)}']")
                plain.until(lambda: plain.url.endswith("/queue"), "the work queue")
                here = role
            plain.go(one.origin + path)
            wrong |= {(path, kind): value for kind, value in problems(plain, plain=True).items() if value}
        assert wrong == {}
    finally:
        plain.close()


def test_dense_pages_are_accessible_and_fit(office: Callable[[str], Office], browser: Browser) -> None:
    one = office("dispatched")
    scene, long = one.scene, "X" * 100
    for number in range(30):
        scene.newcomer(f"IRS-{long[:40]}-{number}", Role.REVIEWER)
    for number in range(25):
        order, when = f"25-cv-{number:04d}-{long}", scene.clock() - 60 * number
        act = scene.cast.act(scene.person(Role.COUNSEL), "order.impose", order_content(order, Scope.parse({}), when))
        impose(scene.home, order, Scope.parse({}), when, act)
    scene.step(lambda conn: conn.execute(schema.batch.insert(), [refused(number) for number in range(1, 90)]))
    dense = [(Role.COUNSEL, path) for path in ("/batches", "/keys", "/ledger", "/orders", "/queue", "/reports")]
    assert looked(browser, one, dense) == {}
    browser.go(f"{one.origin}/batches")
    assert browser.run("return document.querySelectorAll('tbody tr').length") == PAGE


def refused(number: int) -> dict[str, Any]:
    """A batch that was refused before anything of its envelope could be read."""
    return {"id": f"B-2024-{number:06d}", "log_id": f"{number:032d}", "state": "refused", "held": 0, "received_at": 1_700_000_000}


def test_what_answers_a_form_is_accessible_and_fits(office: Callable[[str], Office], browser: Browser) -> None:
    one = office("matched")
    wrong: dict[tuple[str, str], Any] = {}

    def look(what: str) -> None:
        wrong.update({(what, kind): value for kind, value in problems(browser).items() if value})

    browser.go(one.origin + "/invitation")
    browser.keys("#code", "AAAA")
    browser.press("main button")
    assert "does not hold" in browser.source
    look("a code that does not hold")
    enter(browser, one, Role.REVIEWER)
    browser.go(f"{one.origin}/batches/{one.scene.batch}/review/7")
    browser.click("label[for='refuse']")
    browser.keys("#code", "It cannot")
    browser.press("form.decide button")
    look("a review to sign")
    browser.press("button[name='with']")
    browser.go(f"{one.origin}/batches/{one.scene.batch}/requests/7/evidence")
    look("the evidence")
    browser.go(f"{one.origin}/rules/try")
    browser.run("document.querySelector('#city').value = ''; document.querySelector('#attestations').value = ''")
    browser.press("form.try button")
    assert "refused before any register is read" in browser.source
    look("a request that was tried")
    enter(browser, one, Role.COUNSEL)
    browser.go(f"{one.origin}/agreements/irs-ice-2025")
    browser.press("form[action$='/switch'] button")
    look("a switch to turn")
    browser.press("button[name='with']")
    assert "first of two" in browser.source
    look("signed by the first of two")
    browser.press("form[action='/sign-out'] button")
    enter(browser, one, Role.OPERATOR)
    browser.go(f"{one.origin}/keys")
    browser.keys("#person", "IRS-0099")
    browser.click("label[for='role-reviewer']")
    browser.press("form[action='/keys/invite'] button")
    look("an invitation to sign")
    browser.press("button[name='with']")
    assert "shown once" in browser.source
    look("a code that is shown once")
    browser.go(f"{one.origin}/keys/{'0' * 16}")
    assert "No such passkey waits" in browser.source
    look("an error")
    assert wrong == {}
