"""Under ex-parte-order: only what the order names leaves, and only for whom, when and by whom it was granted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from documents_home import Desk, desk, form
from portcullis.console.pages import address
from portcullis.errors import Refused
from portcullis.model import Role
from portcullis.orders import Scope, impose, order_content
from portcullis.release import commit_release
from portcullis.steps import answer

VOSS = {"given_name": "Harlan", "middle_name": "J", "family_name": "Voss", "date_of_birth": "1969-04-02", "taxpayer_number": "900100101"}
SORENSEN = {"given_name": "Imke", "family_name": "Sorensen", "date_of_birth": "1981-09-14", "taxpayer_number": "900100202"}
FUGITIVE = ["felony_warrant", "relevance", "sole_use"]
FOUND = ["cause", "exhaustion", "relevance", "sole_use"]


def row(who: dict[str, str], order: str | None, **changes: str | None) -> dict[str, str | None]:
    """A request under (i)(1) about somebody."""
    good = {"statute": "18 USC 1343", "purpose": "criminal_investigation", "stage": "investigation", "taxable_periods": "2022;2023"}
    return {"request_id": f"o-{order}-{who['given_name']}", **good, **who, "court_order_id": order, **changes}


def order(name: str, *who: dict[str, str], **changes: Any) -> dict[str, Any]:
    """An order under (i)(1) for the mailing address."""
    judge = {"issuer": "ohsd", "signatory": "Magistrate Judge (invented)", "docket": name, "form": form(name), "signed_on": "2026-02-16"}
    scope = {"gate": "6103(i)(1)", "purpose": "criminal_investigation", "statute": "18 USC 1343", "findings": FOUND, "subjects": list(who)}
    return {"id": name, "kind": "court_order", "stated": {**judge, **scope, "elements": ["mailing_address"], **changes}}


def everything(_home: Any, _conn: Any, _batch: str, agreement: Any) -> Any:
    """What a program that forgot the order would let out."""
    return lambda _: agreement.permitted


@pytest.fixture(scope="module")
def court(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    made = desk("ex-parte-order", tmp_path_factory.mktemp("court"))
    yield made
    made.cast.home.engine.dispose()


def test_one_order_may_name_several_persons_and_each_gets_its_answer(court: Desk) -> None:
    found = court.decided([row(VOSS, "1:26-A"), row(SORENSEN, "1:26-A")], [order("1:26-A", VOSS, SORENSEN)])
    assert found == [("disclose", ""), ("disclose", "")]


LACKING: list[tuple[dict[str, Any], str]] = [
    ({"issuer": "eoir"}, "N-COURT-ORDER-JUDGE"),
    ({"subjects": [SORENSEN]}, "N-COURT-ORDER-SUBJECT"),
    ({"signed_on": "2026-03-03"}, "N-COURT-ORDER-DATE"),
    ({"valid_until": "2026-03-01"}, "N-COURT-ORDER-DATE"),
    ({"revoked_on": "2026-02-20"}, "N-COURT-ORDER-DATE"),
    ({"gate": "6103(i)(5)", "warrant": "W-1", "findings": FUGITIVE}, "N-COURT-ORDER-GATE;N-PURPOSE-FUGITIVE"),
    ({"findings": ["cause", "relevance", "sole_use"]}, "N-COURT-ORDER-EXHAUSTION"),
    ({"statute": "18 USC 1956(a)(1)"}, "N-STATUTE-MISSING"),
    ({"elements": ["wages"]}, "N-COURT-ORDER-SCOPE"),
    ({"purpose": "grand_jury"}, "N-COURT-ORDER-USE"),
    ({}, ""),
]


def test_an_order_that_does_not_carry_the_request_opens_nothing(court: Desk) -> None:
    """One order and one request for each thing that can be lacking; the last lacks nothing."""
    names = [f"1:26-B-{number}" for number in range(len(LACKING))]
    orders = [order(name, VOSS) for name in names]
    for one, (changes, _) in zip(orders, LACKING, strict=True):
        one["stated"] |= changes
    found = court.decided([row(VOSS, name) for name in names], orders)
    assert found == [("deficient" if reason else "disclose", reason) for _, reason in LACKING]


def test_what_leaves_is_what_the_order_names_and_the_register_holds(court: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    named = [(["city", "state"], {"city", "state"}), (["taxpayer_number", "wages"], {"taxpayer_number"})]
    named.append((["taxpayer_identity"], {"address_line", "city", "state", "postal_code", "taxpayer_number"}))
    kept: list[dict[str, Any]] = []
    real = answer.answer_body
    monkeypatch.setattr(answer, "answer_body", lambda **how: kept.append(real(**how)) or kept[-1])
    orders = [order(f"1:26-C-{number}", VOSS, elements=words) for number, (words, _) in enumerate(named)]
    got = court.send([row(VOSS, f"1:26-C-{number}") for number in range(len(named))], orders)
    assert court.run(got.batch_id) == [("disclose", "")] * len(named)
    court.authorized(got.batch_id, dict.fromkeys(range(1, len(named) + 1), ("P0101", True)))
    assert [set(body["address"]) | set(body.get("identity", {})) for body in kept] == [leave for _, leave in named]
    assert commit_release(court.cast.home, got.batch_id) == len(named)
    told = [set(entry["elements"]) - {"unit"} for entry in court.entries(got.batch_id)]
    assert sorted(map(sorted, told)) == sorted(sorted(leave) for _, leave in named), "the accounting names them (a unit is not on file)"


def test_an_answer_with_more_than_the_order_names_is_never_committed(court: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer, "permitted_in", everything)
    got = court.send([row(VOSS, "1:26-D")], [order("1:26-D", VOSS, elements=["city"])])
    assert court.run(got.batch_id) == [("disclose", "")]
    court.authorized(got.batch_id, {1: ("P0101", True)})
    with pytest.raises(Refused, match="D-FIELD-BLOCKED"):
        commit_release(court.cast.home, got.batch_id)


def test_whoever_prepares_and_whoever_examines_both_wrong_is_what_it_takes(court: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other direction of the last test: it is the examination that stops it, and a lawful answer passes it."""
    monkeypatch.setattr("portcullis.steps.answer.permitted_in", everything)
    monkeypatch.setattr("portcullis.release.examine.permitted_in", everything)
    got = court.send([row(VOSS, "1:26-E")], [order("1:26-E", VOSS, elements=["city"])])
    court.run(got.batch_id)
    court.authorized(got.batch_id, {1: ("P0101", True)})
    assert commit_release(court.cast.home, got.batch_id) == 1


def test_the_person_is_identified_by_name_number_and_birth_date_not_by_an_address(court: Desk) -> None:
    other = {**VOSS, "date_of_birth": "1969-04-03"}
    assert court.decided([row(other, "1:26-F")], [order("1:26-F", other)]) == [("no_disclosure", "M-AMBIGUOUS")]
    elsewhere = row(VOSS, "1:26-G", address_line="1 Nowhere Road", city="Dayton", state="OH", postal_code="45402")
    assert court.decided([elsewhere], [order("1:26-G", VOSS)]) == [("disclose", "")]


def test_whoever_authorizes_on_screen_sees_all_that_leaves() -> None:
    """The filter by which the screen of the second authorization shows an answer."""
    sealed = {"decision": "disclose", "address": {"city": "Dayton"}, "identity": {"taxpayer_number": "900100101"}}
    assert address(sealed) == "Dayton, taxpayer number 900100101"
    assert (address({"decision": "disclose", "address": {"city": "Dayton"}}), address({"decision": "deny"})) == ("Dayton", "")


def test_a_stay_stops_it_as_it_stops_any_flow(tmp_path: Any) -> None:
    court = desk("ex-parte-order", tmp_path)
    home, counsel = court.cast.home, court.cast.person(Role.COUNSEL)
    scope = Scope(gates=("6103(i)(1)",))
    content = order_content("26-cv-1", scope, home.now())
    impose(home, "26-cv-1", scope, home.now(), court.cast.act(counsel, "order.impose", content))
    assert court.send([row(VOSS, "1:26-H")], [order("1:26-H", VOSS)]).reason == "B-ENJOINED"
    court.cast.home.engine.dispose()
