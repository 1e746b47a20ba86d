"""A demo person sits down at real Chromium."""

from __future__ import annotations

from console_desk import Office
from portcullis.model import Role
from webdriver import Browser

__all__ = ["enter"]


def enter(browser: Browser, one: Office, role: Role) -> None:
    """Sign in as the first demo person of that role; whoever was there signs out."""
    browser.go(one.origin + "/")
    if browser.run("return document.querySelector(\"form[action='/sign-out']\") !== null"):
        browser.press("form[action='/sign-out'] button")
    browser.press(f"button[value='{one.scene.person(role)}']")
