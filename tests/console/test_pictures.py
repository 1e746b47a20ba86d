"""Pictures: every number of one stands in it and in the table beside it, nothing is told by colour alone, nothing typed becomes markup."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree

import pytest

from console_desk import Office
from portcullis.console import history, pictures
from portcullis.model import Role
from portcullis.picture import keep_replay

Open = Callable[[str], Office]
STEPS = [{"compared": "given name", "bits": 7.5}, {"compared": "dob", "bits": -9.0}]


def parts(markup: str) -> tuple[ElementTree.Element, str]:
    """The SVG as XML, and the rest."""
    svg, rest = str(markup).split("</svg>")
    return ElementTree.fromstring(svg + "</svg>"), rest  # noqa: S314 - made here


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (pictures.bars("Bars", {"one_thing": 1234, "none": 0}), ["one thing", "1,234", "0"]),
        (pictures.funnel("Funnel", [("received", 1000), ("left", 40)]), ["received", "1,000", "left", "40", "960"]),
        (pictures.waterfall("Waterfall", STEPS), ["given name", "+7.5", "dob", "−9.0", "−1.5"]),
        (pictures.columns("Columns", {"Nov 2026": 7, "Dec 2026": 0}, "Answers"), ["Nov 2026", "7", "Dec 2026", "0"]),
        (pictures.timeline("Timeline", [("today", "Received", 12), ("later", "Decided", None)]), ["Received", "12", "Decided", "today"]),
    ],
)
def test_every_number_stands_in_the_picture_and_in_the_table(made: str, told: list[str]) -> None:
    svg, table = parts(made)
    drawn = " ".join(text for text in svg.itertext())
    assert svg.get("role") == "img" and svg.get("aria-label")
    assert [word for word in told if word not in drawn] == []
    assert [word for word in told if word not in table] == []
    assert "<caption>" in table and 'scope="col"' in table and 'scope="row"' in table


def test_what_speaks_against_differs_by_more_than_its_colour() -> None:
    svg, _ = parts(pictures.waterfall("Waterfall", STEPS))
    fors, against = (one for one in svg.iter() if one.tag == "rect")
    assert fors.get("stroke-dasharray") is None and against.get("stroke-dasharray")
    assert float(against.get("x") or 0) < float(fors.get("x") or 0) + float(fors.get("width") or 0)


def test_bars_are_as_long_as_their_numbers() -> None:
    svg, _ = parts(pictures.bars("Bars", {"a": 10, "b": 5, "c": 0}))
    widths = [float(one.get("width") or 0) for one in svg.iter() if one.tag == "rect"]
    assert widths[0] == 2 * widths[1] and widths[2] == 0


def test_no_name_becomes_markup() -> None:
    bad = '<script>alert("x")</script>'
    for made in (
        pictures.bars(bad, {bad: 1}),
        pictures.funnel(bad, [(bad, 1)]),
        pictures.columns(bad, {bad: 1}, bad),
        pictures.timeline(bad, [(bad, bad, 1)]),
        pictures.waterfall(bad, [{"compared": bad, "bits": 1.0}]),
    ):
        assert "<script" not in made and 'alert("' not in made.replace("&#34;", "'")


def test_nothing_to_show_is_no_picture() -> None:
    assert [str(made) for made in (pictures.bars("x", {}), pictures.funnel("x", []), pictures.columns("x", {}, "y"))] == ["", "", ""]


def test_what_a_funnel_loses_adds_up() -> None:
    row = {"count": 10, "state": "dispatched"}
    steps = history.funnel(row, {"deficient": 2, "no_disclosure": 4, "confirm": 3, "disclose": 1})  # type: ignore[arg-type]
    assert [count for _, count in steps] == [10, 8, 4, 4]
    for state, rest in (("sampled", []), ("blocked", [0])):
        steps = history.funnel({**row, "state": state}, {"disclose": 10})  # type: ignore[arg-type]
        assert [count for _, count in steps] == [10, 10, 10, *rest]
    assert history.funnel(row, {}) == [("received", 10)]  # type: ignore[arg-type]


def test_the_story_of_a_request_is_told_in_order(office: Open) -> None:
    one = office("dispatched")
    page = one.enter(Role.COUNSEL).get(f"/batches/{one.scene.batch}/requests/7").text
    story = [
        "Received",
        "Reviewed by a person",
        "Decided",
        "The sample was drawn",
        "Authorized by an officer",
        "The release was dispatched",
    ]
    places = [page.index(f">{what}") for what in story]
    assert places == sorted(places)
    reviewers = [one.scene.person(Role.REVIEWER, number) for number in (1, 2)]
    assert not any(person in page[places[0] : places[-1]] for person in reviewers), "a timeline does not tell who reviewed"


def test_a_batch_shows_its_funnel_and_refusals_by_rule(office: Open) -> None:
    one = office("dispatched")
    page = one.enter(Role.COUNSEL).get(f"/batches/{one.scene.batch}").text
    assert "complete in themselves" in page and "Not answered, by rule" in page
    tables = re.findall(r"<caption>Not answered, by rule</caption>.*?</table>", page)
    assert "R12" in tables[0], tables


def test_reports_show_what_left_over_time_the_load_and_the_replay(office: Open) -> None:
    one = office("dispatched")
    counsel = one.enter(Role.COUNSEL)
    page = counsel.get("/reports").text
    assert "Jun 2025" in page and "ICE-1001" in page and "was not played for this home" in page
    run = {"requests": 64, "released": 5, "unlawful": 4, "unlawful_all_rules": 5, "lawful_matchable": 3, "lawful_released": 2}
    run |= {"wrong_person": 1, "seconds": 0.5}
    keep_replay(one.scene.home.path, {"runs": {"as_it_was_done": run}, "layers": []})
    page = counsel.get("/reports").text
    assert "5 released of 64" in page and "As it was done" in page
    assert re.findall(r"<style|\sstyle=", page) == []
    (one.scene.home.path / "replay.json").write_text("no JSON", encoding="utf-8")
    assert "was not played for this home" in counsel.get("/reports").text
