"""The console by keyboard alone, without scripts, for somebody who wants no motion, and on paper: real Chromium."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from browser_desk import enter
from console_desk import Office
from portcullis.model import LeafType, Role
from webdriver import Browser, why_not

pytestmark = pytest.mark.browser
ENTER, SPACE = "\ue007", " "


def press_key(browser: Browser, css: str) -> None:
    """Press Enter on something and wait for the next page."""
    browser.run("window.portcullisOld = true")
    browser.keys(css, ENTER)
    browser.until(lambda: browser.run("return !window.portcullisOld && document.readyState === 'complete'"), f"a page after {css}")


def test_a_review_is_done_with_the_keyboard_alone(office: Callable[[str], Office], browser: Browser) -> None:
    one = office("matched")
    enter(browser, one, Role.REVIEWER)
    browser.go(f"{one.origin}/batches/{one.scene.batch}/review")
    first = browser.url
    browser.keys("#refuse", " ")
    browser.keys("#code", "It cannot")
    press_key(browser, "form.decide button")
    press_key(browser, "button[name='with']")
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


def test_the_decision_is_one_step_of_the_keyboard_away_when_the_next_opens(office: Callable[[str], Office], browser: Browser) -> None:
    one = office("matched")
    enter(browser, one, Role.REVIEWER)
    browser.go(f"{one.origin}/batches/{one.scene.batch}/review")
    assert browser.run("return document.activeElement.tagName") == "H1", "reading begins at what is new"
    browser.tab()
    assert browser.run("return document.activeElement.textContent") == "To your decision"


STOPS = """
const wanted = "a[href], button, input:not([type=hidden]), select, textarea, summary";
return [...document.querySelectorAll(wanted)].filter((one) => one.checkVisibility() && !one.disabled && !one.hidden
  && !(one.type === "radio" && !one.checked && document.querySelector(`input[name="${one.name}"]:checked`))).length;
"""
HERE = """
const one = document.activeElement, box = one.getBoundingClientRect();
const drawn = one.matches(".usa-radio__input, .usa-checkbox__input");
const at = drawn ? getComputedStyle(one.nextElementSibling, "::before") : getComputedStyle(one);
return {
  tag: one.tagName, name: (one.name || one.textContent || "").trim().slice(0, 40),
  marked: at.outlineStyle !== "none" && parseFloat(at.outlineWidth) > 0,
  seen: box.bottom > 0 && box.top < innerHeight,
  key: [...document.querySelectorAll("*")].indexOf(one),
};
"""


@pytest.mark.parametrize(("role", "path"), [(Role.COUNSEL, "/orders"), (Role.SAFEGUARDS, "/safeguards"), (Role.OVERSEER, "/rules/try")])
def test_the_keyboard_reaches_everything_in_order_and_shows_where_it_is(
    office: Callable[[str], Office], browser: Browser, role: Role, path: str
) -> None:
    one = office("ready")
    enter(browser, one, role)
    browser.media(prefers_reduced_motion="reduce")  # or the first stop would be looked at while it slides in
    browser.go(one.origin + path)
    stops, order, marked, unseen = int(browser.run(STOPS)), list[int](), set[int](), []
    while len(set(order)) < stops and len(order) < 3 * stops:
        browser.tab()
        stop = browser.run(HERE)
        order.append(stop["key"])
        marked |= {stop["key"]} if stop["marked"] else set()
        unseen += [] if stop["seen"] else [stop["name"]]
    once = [key for place, key in enumerate(order) if key not in order[:place]]
    assert len(once) == stops > 15, "everything is reached, and nothing holds the keyboard"
    assert once == sorted(once), "in the order of the page"
    assert (set(once) - marked, unseen) == (set(), []), "each stop shows that it has the focus, and nothing covers it"


def test_counsel_stops_everything_with_the_keyboard_alone(office: Callable[[str], Office], browser: Browser) -> None:
    one = office("committed")
    enter(browser, one, Role.COUNSEL)
    browser.go(one.origin + "/orders")
    browser.keys("#order", "25-cv-0457")
    browser.keys("#court_time", "06282025\ue0040900AM")
    press_key(browser, "form[action='/orders'] button")
    assert "It stops 1 batches" in browser.source, browser.source[-800:]
    press_key(browser, "button[name='with']")
    assert one.scene.row()["held"] == 1 and len(one.scene.leaves(LeafType.ORDER_IMPOSED)) == 1


def test_two_authorize_with_the_keyboard_alone(office: Callable[[str], Office], browser: Browser) -> None:
    one = office("sampled")
    path = f"/batches/{one.scene.batch}/authorize"
    for number in (1, 2):
        browser.go(one.origin + "/")
        if number > 1:
            press_key(browser, "form[action='/sign-out'] button")
        press_key(browser, f"button[value='{one.scene.person(Role.AUTHORIZER, number)}']")
        browser.go(one.origin + path)
        press_key(browser, f"form[action='{path}'] button[name='with']")
    assert one.scene.state == "authorized"


MOVING = """
const moves = (style) => [style.animationDuration, style.transitionDuration].join(",").split(",").some((one) => parseFloat(one) > 0);
return [...document.querySelectorAll("*")].filter((one) => moves(getComputedStyle(one))).length;
"""


def test_who_wants_no_motion_gets_none(office: Callable[[str], Office], browser: Browser) -> None:
    one = office("matched")
    enter(browser, one, Role.REVIEWER)
    for path in ("/queue", f"/batches/{one.scene.batch}", f"/batches/{one.scene.batch}/review/7", "/rules/try", "/reports"):
        browser.media(prefers_reduced_motion="reduce")
        browser.go(one.origin + path)
        assert browser.run("return matchMedia('(prefers-reduced-motion: reduce)').matches") is True
        assert browser.run(MOVING) == 0, path
    browser.media()
    assert browser.run("return document.getAnimations().length") == 0, "nothing moves by itself for anybody"


SHOWN = """
const seen = (css) => [...document.querySelectorAll(css)].filter((one) => one.checkVisibility()
  && one.getBoundingClientRect().height > 0).length;
return {
  navigation: seen("nav, .usa-skipnav, .top"), buttons: seen("button, form"), tables: seen("details table, main table"),
  hidden: [...document.querySelectorAll("details > table")].filter((one) => one.getBoundingClientRect().height === 0).length,
  filed: seen(".filed"), over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
};
"""


def test_what_gets_filed_prints_whole_and_says_where_it_is_from(office: Callable[[str], Office], browser: Browser) -> None:
    one = office("dispatched")
    enter(browser, one, Role.COUNSEL)
    filed = (f"/batches/{one.scene.batch}", f"/batches/{one.scene.batch}/requests/1", "/reports", "/orders", "/agreements/irs-ice-2025")
    for path in filed:
        browser.media()
        browser.go(one.origin + path)
        screen = browser.run(SHOWN)
        assert (screen["filed"], screen["navigation"] > 0) == (0, True), path
        browser.media("print")
        browser.resize(718, 1000)  # A4 less its margins, at 96 dots an inch
        paper = browser.run(SHOWN)
        assert (paper["navigation"], paper["buttons"], paper["filed"], paper["hidden"]) == (0, 0, 1, 0), (path, paper)
        assert paper["over"] <= 0, path
        words = browser.run("return document.querySelector('.filed').innerText")
        assert one.scene.home.settings.origin in words and one.scene.person(Role.COUNSEL) in words and "28 June 2025" in words
        assert browser.pdf().startswith(b"%PDF")
        browser.resize(1280, 1000)
    browser.media()
