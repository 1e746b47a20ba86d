"""The replay's picture: well-formed, described, and without a number that is not in the result."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from portcullis.picture import replay_svg, replay_table

RUN = {
    "requests": 64_000,
    "released": 0,
    "unlawful": 0,
    "unlawful_all_rules": 0,
    "lawful_matchable": 0,
    "lawful_released": 0,
    "wrong_person": 0,
}
RESULT = {
    "runs": {
        "as_it_was_done": RUN | {"released": 2_365, "unlawful": 2_136, "unlawful_all_rules": 2_365, "wrong_person": 1, "seconds": 2.13},
        "gateway": RUN | {"seconds": 12.0},
        "perfected": RUN | {"released": 1_900, "lawful_matchable": 2_026, "lawful_released": 1_900, "seconds": 14.1},
    },
    "layers": [{"layer": "Officers <engaged>", "rules": ["R26", "R27"], "stopped": 2_365, "released": 0}],
}
SVG = "{http://www.w3.org/2000/svg}"


def test_the_picture_is_well_formed_has_a_title_and_says_every_number_in_words() -> None:
    root = ElementTree.fromstring(replay_svg(RESULT))  # noqa: S314  # our own text
    assert root.get("role") == "img"
    assert root.find(f"{SVG}title") is not None
    described = root.findtext(f"{SVG}desc") or ""
    for number in ("2,365", "2,136", "64,000", "1,900", "2,026"):
        assert number in described


def test_the_picture_holds_no_script_no_style_and_no_foreign_address() -> None:
    text = replay_svg(RESULT)
    assert not re.search(r"<script|<style|href|onload|https?://(?!www\.w3\.org/2000/svg)", text)
    assert "Officers &lt;engaged&gt;" in text


def test_bars_are_as_long_as_their_numbers() -> None:
    root = ElementTree.fromstring(replay_svg(RESULT))  # noqa: S314
    bars = [rect for rect in root.findall(f"{SVG}rect") if rect.get("y") == "93"]
    lawful, unlawful, perfected = (float(bar.get("width", "0")) for bar in bars)
    assert abs(unlawful / lawful - 2_136 / 229) < 0.01
    assert abs(perfected / (lawful + unlawful) - 1_900 / 2_365) < 0.01


def test_the_table_has_a_column_per_run_and_a_row_per_counter() -> None:
    lines = replay_table(RESULT).splitlines()
    assert re.fullmatch(r"released +2,365 +0 +1,900", lines[2])
    assert any(line.startswith("Officers <engaged> (R26, R27)") and line.endswith("0") for line in lines)


def test_a_replay_of_one_run_without_layers_is_drawn_too() -> None:
    result = {"runs": {"gateway": RUN}}
    assert "nothing released" in replay_svg(result)
    assert "Through the gateway" in replay_table(result)
