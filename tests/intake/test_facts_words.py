"""Periods, statutes, elements and code words, each in both directions."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portcullis.intake.facts_elements import element_columns
from portcullis.intake.facts_periods import parse_periods
from portcullis.intake.facts_statutes import parse_citations, statute_columns
from portcullis.intake.facts_words import finality, word_columns


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("2022", (2022,)),
        ("2022;2023", (2022, 2023)),
        ("2023, 2022", (2022, 2023)),
        ("2022 and 2023", (2022, 2023)),
        ("2022 & 2023", (2022, 2023)),
        ("TY2022", (2022,)),
        ("tax years 2019 through 2021", (2019, 2020, 2021)),
        ("2019-2021", (2019, 2020, 2021)),
        ("2019–2021", (2019, 2020, 2021)),
        ("2022Q4", (2022,)),
        ("Q1 2023", (2023,)),
        ("202212", (2022,)),
        ("2022-12", (2022,)),
        ("12/2022", (2022,)),
        ("2022-12-31", (2022,)),
        ("[2022, 2023]", (2022, 2023)),
        ('["2022"]', (2022,)),
        ("2022;2022", (2022,)),
        ("２０２２", (2022,)),
        ("2026", (2026,)),
    ],
)
def test_closed_periods_are_read(text: str, years: tuple[int, ...]) -> None:
    assert parse_periods(text, 2026) == years


@pytest.mark.parametrize(
    "text",
    [
        "all",
        "all years",
        "any",
        "2019-",
        "-2021",
        "since 2019",
        "2019 to present",
        "2019 onwards",
        "2019+",
        "from 2019",
        "2021-2019",
        "2027",
        "2025-2027",
        "1912",
        "22",
        "20222",
        "2022Q5",
        "2022-13",
        "2022;open",
        "2022;*",
        "unknown",
        "various",
        "last five years",
    ],
)
def test_open_future_or_malformed_periods_are_not(text: str) -> None:
    assert parse_periods(text, 2026) == ()


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("8 USC 1253(a)(1)(A)", ["8 USC 1253(a)(1)(A)"]),
        ("8 U.S.C. § 1253(a)(1)(A)", ["8 USC 1253(a)(1)(A)"]),
        ("8 u.s.c. 1253 (a) (1) (a)", ["8 USC 1253(a)(1)(A)"]),
        ("Title 8, United States Code, Section 1253(a)(1)(A)", ["8 USC 1253(a)(1)(A)"]),
        ("8USC1253(a)(1)(A)", ["8 USC 1253(a)(1)(A)"]),
        ("INA 243(a)(1)(A)", ["8 USC 1253(a)(1)(A)"]),
        ("INA § 276(a)", ["8 USC 1326(a)"]),
        ("8 USC 1326(a), (willful reentry)", ["8 USC 1326(a)"]),
        ("8 USC 1253(a)(1)(A) - failure to depart", ["8 USC 1253(a)(1)(A)"]),
        ("8 USC 1326(a); 18 USC 1028a(a)(1)", ["8 USC 1326(a)", "18 USC 1028A(a)(1)"]),
        ("8 USC 1326(a) and 8 USC 1326(a)", ["8 USC 1326(a)"]),
        ("42 USC 408(a)(7)(B)", ["42 USC 408(a)(7)(B)"]),
        ("42 USC 1320a-7b(a)", ["42 USC 1320a-7b(a)"]),
        ("8 USC 1324d", ["8 USC 1324d"]),
        ("８ USC １２５３(a)(1)(A)", ["8 USC 1253(a)(1)(A)"]),
    ],
)
def test_citations_are_read_in_usual_spellings(text: str, codes: list[str]) -> None:
    assert [citation.code for citation in parse_citations(text)] == codes


@pytest.mark.parametrize(
    "text",
    [
        "",
        "immigration law",
        "1253(a)(1)(A)",
        "8 USC",
        "8 USC 1253(a)(1)(A), 1324d",
        "8 USC 1253(a)(1)(A), (B)",
        "USC 1253",
        "8 CFR 1241.1",
        "8 USC 1253(a)(1)(A) 2",
        "8 USC 1253A1A",
    ],
)
def test_half_a_citation_is_none(text: str) -> None:
    assert parse_citations(text) == ()


@given(st.text(alphabet="8USC.§ 1253(a)(1)(A);,INA243andx", max_size=40))
def test_no_text_raises_or_invents_a_citation(text: str) -> None:
    for citation in parse_citations(text):
        assert citation.section[:1].isdigit()


def column(name: str, *values: str | None) -> pa.Table:
    return pa.table({name: pa.array(values, pa.string())})


def test_any_statute_cited_counts_for_its_elements() -> None:
    found = statute_columns(
        column("statute", "8 USC 1326(a); 8 USC 1253(a)(1)(A)", "8 USC 1253(a)(1)(A)(i)", "8 USC 1253(a)", None, "nonsense")
    )
    assert found["cites_1253a1a"].to_pylist() == [1, 1, 0, 0, 0]
    assert found["cites_1326"].to_pylist() == [1, 0, 0, 0, 0]
    assert found["statute_count"].to_pylist() == [2, 1, 1, None, 0]
    assert found["statute_subsection"].to_pylist() == ["8 USC 1326(a)", "8 USC 1253(a)", "8 USC 1253(a)", None, None]


@pytest.mark.parametrize(
    ("text", "rests"),
    [
        ("8 USC 1227(a)(1)(B)", 1),
        ("1227(a)(1)(B)", 1),
        ("INA 237(a)(1)(B)", 1),
        ("237(a)(2)(A)(iii)", 1),
        ("8 USC 1182(a)(6)(A); 8 USC 1227(a)(1)(A)", 1),
        ("8 USC 1182(a)(6)(A)(i)", 0),
        ("INA 212(a)(6)", 0),
        ("8 USC 1227", None),
        ("8 USC 1227(b)", None),
        ("overstay", None),
        (None, None),
    ],
)
def test_the_ground_of_an_order(text: str | None, rests: int | None) -> None:
    assert statute_columns(column("order_ground", text) if text else column("statute", None))["order_ground_1227a"].to_pylist() == [rests]


@pytest.mark.parametrize(
    ("text", "stated", "final"),
    [
        ("appeal waived", 1, 1),
        ("appeal_waived", 1, 1),
        ("Board dismissed appeal", 1, 1),
        ("BIA affirmed", 1, 1),
        ("appeal period expired", 1, 1),
        ("in absentia", 1, 1),
        ("voluntary departure overstayed", 1, 1),
        ("8 CFR 1241.1(b)", 1, 1),
        ("motion to reopen denied", 1, 1),
        ("final; no appeal pending", 1, 1),
        ("administrative final order under 1228", 1, 1),
        ("voluntary departure turned final", 1, 1),
        ("voluntary departure not complied with", 1, 1),
        ("failed to depart within the period of voluntary departure", 1, 1),
        ("voluntary departure", 1, None),
        ("voluntary departure granted until 1 June 2026", 1, None),
        ("voluntary departure period not yet run", 1, 0),
        ("decision on certification", 1, 1),
        ("certified to the Board", 1, None),
        ("reopened; new order of removal, appeal waived", 1, None),
        ("reopened, new order, appeal pending", 1, 0),
        ("motion to reopen granted", 1, 0),
        ("petition for review denied", 1, 1),
        ("petition for review pending", 1, 0),
        ("not final", 1, 0),
        ("non-final", 1, 0),
        ("not yet a final order", 1, 0),
        ("appeal pending", 1, 0),
        ("remanded by the Board", 1, 0),
        ("vacated", 1, 0),
        ("reopened", 1, 0),
        ("proceedings terminated", 1, 0),
        ("zzz", 1, None),
        ("N/A", 0, None),
        ("unknown", 0, None),
        ("---", 0, None),
        ("", 0, None),
    ],
)
def test_whether_a_basis_makes_an_order_final(text: str, stated: int, final: int | None) -> None:
    assert finality(text) == (stated, final)


def words(**values: str) -> dict[str, Any]:
    return {name: found.to_pylist()[0] for name, found in word_columns(pa.table({name: [value] for name, value in values.items()})).items()}


@pytest.mark.parametrize(
    ("text", "stayed"), [("yes", 1), ("TRUE", 1), ("1", 1), ("no", 0), ("False", 0), ("0", 0), ("maybe", None), ("", None)]
)
def test_yes_or_no(text: str, stayed: int | None) -> None:
    assert words(order_stayed=text)["order_stayed"] == stayed


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Investigation", "investigation"),
        ("grand jury", "grand_jury"),
        ("Grand-Jury", "grand_jury"),
        ("preparation", "preparation"),
        ("enforcement", None),
    ],
)
def test_stages(text: str, code: str | None) -> None:
    assert words(stage=text)["stage_code"] == code


@pytest.mark.parametrize(
    ("text", "code"), [("none", "none"), ("Pending", "pending"), ("CONCLUDED", "concluded"), ("maybe", None), ("", None)]
)
def test_judicial_review(text: str, code: str | None) -> None:
    assert words(judicial_review=text)["judicial_review"] == code


def test_attestations_are_read_as_words_not_as_substrings() -> None:
    found = words(attestations="Sole use; SAFEGUARDS|accuracy, not_no_redisclosure")
    assert [found[f"attest_{name}"] for name in ("sole_use", "safeguards", "accuracy", "no_redisclosure", "investigation")] == [
        1,
        1,
        1,
        0,
        0,
    ]


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        '"x"',
        "1",
        "null",
        "{",
        '{"a": 1, "a": 2}',
        '{"a": NaN}',
        "{'a': 1}",
        "[" * 5_000,
        '{"a":' * 3_000 + "1" + "}" * 3_000,
        '{"a": "' + "x" * 30_000 + '"}',
    ],
)
def test_elements_that_are_not_one_plain_object_are_not_valid(text: str) -> None:
    found = element_columns(column("elements", text), "-05:00")
    assert found["elements_valid"].to_pylist() == [0]
    assert found["element_act_on"].to_pylist() == [None]


def test_elements_are_read() -> None:
    dates = '"found_on": "2021-07-04", "act_on": "4 July 2021"'
    text = f'{{{dates}, "act": "hid passport", "report_place": "x", "joint_subjects": ["a", "b", "a"], "other": {{}}}}'
    found = {name: values.to_pylist() for name, values in element_columns(column("elements", text, None, " "), "-05:00").items()}
    assert found["elements_valid"] == [1, None, None]
    assert found["element_found_on"] == found["element_act_on"] == [18812, None, None]
    assert found["element_act_stated"] == [1, 0, 0]
    assert found["element_place_stated"] == [0, 0, 0]
    assert found["case_subjects"] == [2, None, None]


@given(st.text(max_size=60))
def test_no_elements_raise(text: str) -> None:
    element_columns(column("elements", text), "-05:00")
