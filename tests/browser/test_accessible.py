"""Every screen in real Chromium: axe-core finds nothing (WCAG 2.2 AA), nothing runs over the edge at 320 pixels, the keyboard is enough.

`DECIDED` holds what axe cannot judge and a person has looked at; anything else it asks a person about fails the test.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from console_desk import Office
from portcullis.console.screens import SCREENS
from portcullis.model import Role
from webdriver import Browser, why_not

pytestmark = pytest.mark.browser
AXE = (Path(__file__).parent / "vendored" / "axe.min.js").read_text(encoding="utf-8")
RUN = """
const done = arguments[arguments.length - 1];
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


def checked(browser: Browser) -> dict[str, Any]:
    browser.run(AXE + "; window.axe = axe;" if "window.axe" not in AXE else AXE)
    found: dict[str, Any] = browser.run_later(RUN)
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
        path = path.replace("{agreement}", "irs-ice-2025").replace("{rule}", "R12").replace("{version:int}", "1")
        path = path.replace("{key}", one.scene.cast.keys[one.scene.person(Role.OVERSEER)].key_id)
        found.append((sorted(screen.roles)[0], path))
    return sorted(found)


def enter(browser: Browser, one: Office, role: Role) -> None:
    browser.go(one.origin + "/")
    if browser.run("return document.querySelector(\"form[action='/sign-out']\") !== null"):
        browser.press("form[action='/sign-out'] button")
    browser.press(f"button[value='{one.scene.person(role)}']")


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


def problems(browser: Browser) -> dict[str, Any]:
    """What is wrong with the page: violations, what nobody has decided, and what runs over the edge at 320 pixels."""
    found = checked(browser)
    browser.resize(320, 800)
    over = browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
    browser.resize(1280, 1000)
    return {"violations": found["violations"], "undecided": sorted(set(found["incomplete"]) - set(DECIDED)), "over the edge": over}


def test_a_review_is_done_with_the_keyboard_alone(office: Callable[[str], Office], browser: Browser) -> None:
    one = office("matched")
    enter(browser, one, Role.REVIEWER)
    browser.go(f"{one.origin}/batches/{one.scene.batch}/review")
    first = browser.url
    browser.keys("#refuse", " ")
    browser.keys("#code", "It cannot")
    browser.run("window.portcullisOld = true")
    browser.keys("form.decide button", "\ue007")
    browser.until(lambda: browser.run("return !window.portcullisOld && document.readyState === 'complete'"), "the page to sign")
    browser.run("window.portcullisOld = true")
    browser.keys("button[name='with']", "\ue007")
    browser.until(lambda: browser.run("return !window.portcullisOld && document.readyState === 'complete'"), "the next request")
    assert browser.url != first and "/review/8" in browser.url


def test_the_first_stop_of_the_keyboard_skips_to_the_content(office: Callable[[str], Office], browser: Browser) -> None:
    one = office("ready")
    enter(browser, one, Role.COUNSEL)
    browser.keys("body", "\ue004")
    assert browser.run("return document.activeElement.textContent") == "Skip to the main content"


def test_a_whole_review_without_any_script(office: Callable[[str], Office]) -> None:
    if reason := why_not():
        pytest.skip(reason)
    one, plain = office("matched"), Browser(scripts=False)
    try:
        plain.go(one.origin + "/")
        plain.click(f"button[value='{one.scene.person(Role.REVIEWER)}']")
        plain.until(lambda: plain.url.endswith("/queue"), "the work queue")
        plain.go(f"{one.origin}/batches/{one.scene.batch}/review")
        plain.click("label[for='refuse']")
        plain.keys("#code", "It cannot")
        plain.click("form.decide button")
        plain.until(lambda: "Sign your review" in plain.source, "the page to sign")
        plain.click("button[name='with']")
        plain.until(lambda: plain.url.endswith("/review/8"), "the next request")
    finally:
        plain.close()


def test_a_person_who_is_not_verified_signs_nothing(office: Callable[[str], Office], browser: Browser) -> None:
    one = office("sampled")
    held = browser.authenticator()
    enter(browser, one, Role.AUTHORIZER)
    browser.go(one.origin + "/passkeys")
    browser.press("[data-passkey]")
    browser.verified(held, False)
    path = f"/batches/{one.scene.batch}/authorize"
    browser.go(one.origin + path)
    browser.click(f"form[action='{path}'] [data-passkey]")
    browser.until(lambda: "The passkey did not sign" in browser.source, "the refusal")
    assert one.scene.state == "sampled"
