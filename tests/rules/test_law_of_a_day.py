"""The rules of a day as known on a day, as a program asks for them and as a person types them."""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from portcullis.cli.sides import chosen, side
from portcullis.errors import Refused
from portcullis.rules.rule import Rule, Span
from portcullis.rules.ruleset import RuleSet
from rules_lawful import AGREEMENT, ruleset

APRIL, AUGUST, YEAR = dt.date(2025, 4, 7), dt.date(2025, 8, 7), dt.date(2026, 1, 1)


def in_two_texts(known: dt.date = APRIL) -> RuleSet:
    """R24 in one text until 2026 and another from then on, which became known on a day."""
    old = ruleset().rule("R24")
    first, second = replace(old, valid=Span(old.valid.start, YEAR)), replace(old, valid=Span(YEAR), known=Span(known), title="another text")
    others: tuple[Rule, ...] = tuple(rule for rule in ruleset().rules if rule.id != "R24")
    return replace(ruleset(), rules=(*others, first, second))


def test_one_text_of_a_rule_holds_on_a_day_as_known_on_a_day() -> None:
    rules = in_two_texts(known=dt.date(2026, 3, 1))
    assert rules.as_of(AUGUST, AUGUST).rule("R24").title == rules.as_of(AUGUST, dt.date(2026, 6, 1)).rule("R24").title != "another text"
    assert rules.as_of(dt.date(2026, 6, 1), dt.date(2026, 6, 1)).rule("R24").title == "another text"
    unknown_yet = rules.as_of(dt.date(2026, 2, 1), dt.date(2026, 2, 1))
    assert [rule for rule in unknown_yet.rules if rule.id == "R24"] == []
    assert ruleset().as_of(AUGUST, AUGUST) is ruleset()


def test_every_text_that_holds_within_some_days_is_found_once() -> None:
    rules = in_two_texts(known=dt.date(2026, 3, 1))
    found = rules.stretches(AUGUST, dt.date(2026, 12, 31))
    assert [str(begins) for begins, _ in found] == ["2025-08-07", "2026-01-01", "2026-03-01"]
    assert [sum(rule.id == "R24" for rule in part.rules) for _, part in found] == [1, 0, 1]
    assert [str(begins) for begins, _ in rules.stretches(AUGUST, dt.date(2025, 12, 31))] == ["2025-08-07"]
    assert [str(begins) for begins, _ in ruleset().stretches(AUGUST)] == ["2025-08-07"]


def test_a_side_is_a_day_an_agreement_or_one_at_a_day(tmp_path: Path) -> None:
    today = dt.date.today()
    folder = tmp_path / "mine@home"
    shutil.copytree(AGREEMENT, folder)
    for text, when in (
        ("2025-08-07", "2025-08-07"),
        ("today", str(today)),
        ("2025-08-07@2026-03-01", "2025-08-07@2026-03-01"),
        ("irs-ice-2025@2025-08-07@today", f"2025-08-07@{today}"),
        (f"{folder}@2025-08-07", "2025-08-07"),
        ("irs-ice-2025", "None"),
        (str(folder), "None"),
    ):
        found = side(text, "irs-ice-2025")
        assert (str(found.when), found.rules.hash) == (when, ruleset().hash), text
    assert side("2024-01-01", "irs-ice-2025").rules.rules == () == chosen("irs-ice-2025", "2025-08-07", "2024-01-01").rules


@pytest.mark.parametrize("text", ["2025-13-01", "yesterday", "irs-ice-2025:2", "no-such@2025-08-07", "2025-08-07@soon"])
def test_what_is_no_side_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        side(text, "irs-ice-2025")
