"""Try a request on the rules screen: what the rules say of made-up values, and that nothing of it is recorded anywhere."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest

from console_desk import Office, Page
from portcullis.model import Role

Open = Callable[[str], Office]


def form_of(page: Page) -> dict[str, str]:
    """The values as the page has them."""
    found = dict(re.findall(r'<input class="usa-input" id="\w+" name="(\w+)"[^>]*? value="([^"]*)"', page.text))
    found |= dict(re.findall(r'<textarea[^>]*? name="(\w+)"[^>]*>([^<]*)</textarea>', page.text))
    received = re.search(r'name="received_on"[^>]*value="([^"]*)"', page.text)
    assert received
    return {name: unescape(value) for name, value in found.items()} | {"received_on": received[1]}


def tried(one: Office, **changed: str) -> Page:
    person = one.enter(Role.OVERSEER)
    page = person.get("/rules/try")
    assert page.status == 200
    return person.post("/rules/try", page, **(form_of(page) | changed))


def test_the_lawful_request_goes_on_to_matching(office: Open) -> None:
    answer = tried(office("ready"))
    assert (answer.status, "would go on to matching" in answer.text) == (200, True), answer.text


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"address_line": "", "city": "", "postal_code": ""}, "R13"),
        ({"order_date": "2026-02-25"}, "R22"),
        ({"attestations": ""}, "R29"),
    ],
)
def test_what_a_rule_refuses_is_explained_with_its_clause(office: Open, changed: dict[str, str], rule: str) -> None:
    answer = tried(office("ready"), **changed)
    assert "refused before any register is read" in answer.text
    assert f"<strong>{rule}," in answer.text or f'href="/rules/{rule}"' in answer.text, answer.text
    assert "Its sender would be told" in answer.text


def test_nothing_of_it_is_recorded_anywhere(office: Open, caplog: pytest.LogCaptureFixture) -> None:
    one = office("matched")
    person = one.enter(Role.REVIEWER)
    page, canary = person.get("/rules/try"), "Zzyzxcanary"
    before, leaves = contents(one.scene.home.path), len(one.scene.leaves())
    answer = person.post("/rules/try", page, **(form_of(page) | {"family_name": canary, "city": canary}))
    assert (answer.status, canary in answer.text, answer.headers["cache-control"]) == (200, True, "no-store")
    assert len(one.scene.leaves()) == leaves
    assert {name: size for name, size in contents(one.scene.home.path).items() if "-shm" not in name} == before
    assert not any(canary.encode() in path.read_bytes() for path in one.scene.home.path.rglob("*") if path.is_file())
    assert canary not in caplog.text
    assert not any(canary in value for value in re.findall(r'(?:href|action|src)="([^"]*)"', answer.text))


def contents(folder: Path) -> dict[str, int]:
    files = {str(path.relative_to(folder)): path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    return {name: size for name, size in files.items() if "-shm" not in name}


def test_it_tells_nothing_of_who_is_on_the_register(office: Open) -> None:
    """A person of the register and one who is not are answered in the same words, and so they are without any register."""
    from journey_home import rows_of  # noqa: PLC0415

    one = office("matched")
    shutil.rmtree(one.scene.home.path / "register")
    there, nobody = rows_of()[0], {"given_name": "Ottilie", "family_name": "Brandauer"}
    names = ("given_name", "middle_name", "family_name", "date_of_birth", "address_line", "unit", "city", "state", "postal_code")
    known = {name: str(there.get(name) or "") for name in names}
    first, second = tried(one, **known), tried(one, **(known | nobody))
    verdict = re.compile(r"<strong>(It would[^<]*|A person would[^<]*)</strong> (\d+) rules pass")
    assert verdict.findall(first.text) == verdict.findall(second.text) != []


@pytest.mark.parametrize("changed", [{"received_on": "soon"}, {"received_on": ""}])
def test_a_day_that_is_none_is_said_plainly(office: Open, changed: dict[str, str]) -> None:
    answer = tried(office("ready"), **changed)
    assert (answer.status, "day of receipt" in answer.text) == (422, True)


@pytest.mark.parametrize(
    "changed",
    [
        {"date_of_birth": "9" * 3000},
        {"order_date": "0000-00-00"},
        {"taxable_periods": ";;;1;"},
        {"elements": "{" * 500},
        {"statute": "\x00"},
    ],
)
def test_nonsense_is_judged_and_breaks_nothing(office: Open, changed: dict[str, str]) -> None:
    assert tried(office("ready"), **changed).status == 200
