"""One meaning on every engine: DuckDB, SQLite, PostgreSQL and the plain Python reference give the same table, equal to the bit (R59)."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import pg_cluster
from portcullis.errors import OutOfOrder
from portcullis.model import Verdict
from portcullis.rules import RuleSet, Single, evaluate
from portcullis.rules.compile import plan
from portcullis.rules.fields import FIRST_DAY, LAST_DAY
from portcullis.rules.predicate import (
    AllOf,
    AnyOf,
    Bound,
    Compare,
    CountWithinBatch,
    DaysBetween,
    Is,
    NoneOf,
    OneOf,
    Order,
    Predicate,
    Present,
    ShareWithinBatch,
)
from portcullis.rules.reference import judge_rows
from portcullis.rules.rule import Check
from rules_lawful import lawful_facts, ruleset, table

BATCHES = int(os.environ.get("PORTCULLIS_CONFORMANCE", "8"))
"""Batches hypothesis draws per test and stage; `make conformance` asks for a thousand, which are at least ten thousand requests."""
SMALLEST = 1 if BATCHES < 100 else 10
JUDGED: Counter[str] = Counter()
"""Requests that went through all rules of a stage, by engines."""

NAMED = [
    "8 USC 1253(a)(1)(A)",
    "8 USC 1253(a)",
    "8 USC 1253",
    "26 USC 7201",
    "none",
    "pending",
    "concluded",
    "investigation",
    "criminal",
    "locate",
]
STRANGE = [
    "",
    " ",
    "None",
    "NULL",
    "null",
    "'",
    '"',
    "\\",
    "%",
    "_",
    "--",
    "a\nb",
    "é",
    "e\u0301",
    "ß",
    "ẞ",
    "İ",
    "٣",
    "３",
    "１",
    "𝟙",
    "\u200b",
    "\ufeff",
]
texts = st.one_of(
    st.none(),
    st.sampled_from(NAMED),
    st.sampled_from(STRANGE),
    st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=6),
)
days = st.one_of(st.none(), st.sampled_from([0, 20514, 20514 - 91, 20514 - 90, FIRST_DAY, LAST_DAY]), st.integers(FIRST_DAY, LAST_DAY))
numbers = st.one_of(st.none(), st.sampled_from([0, 1, 2, 26, 18, 91, 100, 101, 2**63 - 1, -(2**63)]), st.integers(-(2**63), 2**63 - 1))
KINDS = {"text": texts, "flag": st.sampled_from([None, 0, 1]), "date": days, "int": numbers}
FEW_KEYS = ("address_key", "case_key", "masked_reason", "surname_key", "subject_key")


def rows_of(rules: RuleSet, stage: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Batches of up to thirty rows, half their fields lawful, with few different keys so that groups form."""
    fields = plan(rules, stage).fields
    lawful = lawful_facts()
    small = {
        name: st.sampled_from([None, 1, 2]) if rules.fields[name].type == "int" else st.sampled_from([None, "a", "A", "á"])
        for name in FEW_KEYS
    }
    kinds = {name: small.get(name, KINDS[rules.fields[name].type]) for name in fields}
    row = st.fixed_dictionaries({name: st.one_of(st.just(lawful[name]), kind) for name, kind in kinds.items()})
    return st.lists(row, min_size=SMALLEST, max_size=30)


def table_of(rules: RuleSet, rows: list[dict[str, Any]]) -> pa.Table:
    kinds = {name: pa.string() if rules.fields[name].type == "text" else pa.int64() for name in rows[0]}
    columns = {name: pa.array([row[name] for row in rows], kind) for name, kind in kinds.items()}
    return pa.table({"ordinal": pa.array(range(1, len(rows) + 1), pa.int64()), **columns})


@pytest.fixture(scope="module")
def postgres() -> Iterator[Any]:
    if reason := pg_cluster.why_not():
        pytest.skip(reason)
    psycopg = pytest.importorskip("psycopg")
    cluster = pg_cluster.start()
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        yield connection
    cluster.stop()


def expected(rules: RuleSet, stage: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    numbered = [{**row, "ordinal": place} for place, row in enumerate(rows, 1)]
    return judge_rows(plan(rules, stage), numbered)


@pytest.fixture(scope="module", autouse=True)
def said() -> Iterator[None]:
    """At the end, how many requests each engine judged; with -s it is seen."""
    yield
    for engines, count in sorted(JUDGED.items()):
        sys.stdout.write(f"\n{engines}: {count:,} requests, all rules, equal to the bit\n")


few = settings(max_examples=BATCHES, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("stage", ["check", "match"])
def test_the_shipped_rules_on_duckdb_and_sqlite(stage: str) -> None:
    connection = duckdb.connect()

    @few
    @given(rows_of(ruleset(), stage))
    def same(rows: list[dict[str, Any]]) -> None:
        facts, wanted = table_of(ruleset(), rows), expected(ruleset(), stage, rows)
        assert evaluate(ruleset(), stage, facts, con=connection).to_pylist() == wanted
        assert evaluate(ruleset(), stage, facts, engine="sqlite").to_pylist() == wanted
        JUDGED[f"duckdb and sqlite, stage {stage}"] += len(rows)

    same()


@pytest.mark.postgresql
@pytest.mark.parametrize("stage", ["check", "match"])
def test_the_shipped_rules_on_postgresql(stage: str, postgres: Any) -> None:
    @few
    @given(rows_of(ruleset(), stage))
    def same(rows: list[dict[str, Any]]) -> None:
        facts = table_of(ruleset(), rows)
        assert evaluate(ruleset(), stage, facts, engine="postgres", con=postgres).to_pylist() == expected(ruleset(), stage, rows)
        JUDGED[f"postgresql, stage {stage}"] += len(rows)

    same()


def predicates() -> st.SearchStrategy[Predicate]:
    """Any predicate of the vocabulary over a few facts."""
    bound = st.builds(Bound, st.sampled_from([-(2**53), -1, 0, 1, 2, 91, 2**53]))
    share = st.builds(Bound, st.integers(0, 7), st.just(7))
    small = st.builds(Bound, st.integers(0, 4))
    optional = st.one_of(st.none(), small)
    date = st.sampled_from(["order_date", "received_on", "reentry_date"])
    text = st.sampled_from(["statute_code", "stage_code", "purpose_code"])
    leaves: list[st.SearchStrategy[Any]] = [
        st.builds(Present, st.one_of(date, text)),
        st.builds(Is, st.sampled_from(["name_stated", "order_stayed"])),
        st.builds(
            OneOf,
            text,
            st.lists(st.sampled_from(NAMED + STRANGE), min_size=1, max_size=4).map(tuple),
            st.sampled_from(["one_of", "not_one_of"]),
        ),
        st.builds(OneOf, st.just("statute_title"), st.lists(st.integers(-3, 30), min_size=1, max_size=4).map(tuple), st.just("one_of")),
        st.builds(Compare, st.sampled_from(["statute_title", "officers"]), st.sampled_from(["at_least", "at_most"]), bound),
        st.builds(Order, date, st.sampled_from(["before", "after"]), st.one_of(date, st.integers(FIRST_DAY, LAST_DAY))),
        st.builds(DaysBetween, date, date, st.one_of(st.none(), bound), bound),
        st.builds(CountWithinBatch, st.just(("address_key",)), st.sampled_from([None, "surname_key"]), optional, small),
        st.builds(CountWithinBatch, st.just(("case_key", "masked_reason")), st.none(), small, optional),
        st.builds(ShareWithinBatch, st.just(("masked_reason",)), st.none(), share),
    ]
    return st.recursive(st.one_of(leaves), joined, max_leaves=6)


def joined(inner: st.SearchStrategy[Predicate]) -> st.SearchStrategy[Predicate]:
    """All, any or none of up to three predicates."""
    parts = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.one_of([st.builds(kind, parts) for kind in (AllOf, AnyOf, NoneOf)])


@st.composite
def rule_sets(draw: st.DrawFn) -> RuleSet:
    """A rule set of two rules with checks nobody would write."""
    verdicts = st.sampled_from([Verdict.FAIL, Verdict.REFER])
    reasons = st.sampled_from(["X-ONE", "X-TWO"])
    check = st.builds(
        Check,
        predicates(),
        verdicts,
        verdicts,
        reasons,
        st.just("policy"),
        st.just("c"),
        st.just("I"),
        st.just("check"),
        st.none() | predicates(),
    )
    some = ruleset().rule("R12"), ruleset().rule("R13")
    return replace(ruleset(), rules=tuple(replace(rule, checks=tuple(draw(st.lists(check, min_size=1, max_size=3)))) for rule in some))


def test_any_rules_on_duckdb_and_sqlite() -> None:
    connection = duckdb.connect()

    @few
    @given(st.data(), rule_sets())
    def same(data: st.DataObject, rules: RuleSet) -> None:
        rows = data.draw(rows_of(rules, "check"))
        facts, wanted = table_of(rules, rows) if rows[0] else table_of(rules, [{"officers": 1}]), expected(rules, "check", rows)
        assert evaluate(rules, "check", facts, engine="duckdb", con=connection).to_pylist() == wanted
        assert evaluate(rules, "check", facts, engine="sqlite").to_pylist() == wanted

    same()


@pytest.mark.postgresql
def test_any_rules_on_postgresql(postgres: Any) -> None:
    @few
    @given(st.data(), rule_sets())
    def same(data: st.DataObject, rules: RuleSet) -> None:
        rows = data.draw(rows_of(rules, "check"))
        facts = table_of(rules, rows)
        assert evaluate(rules, "check", facts, engine="postgres", con=postgres).to_pylist() == expected(rules, "check", rows)

    same()


def test_one_request_alone_is_judged_as_on_every_engine() -> None:
    single = Single(ruleset(), "check")

    @few
    @given(rows_of(ruleset(), "check").map(lambda rows: rows[:1]))
    def same(rows: list[dict[str, Any]]) -> None:
        assert single.findings({**rows[0], "ordinal": 1}) == expected(ruleset(), "check", rows)[0]

    same()


def test_the_compiled_rules_equal_a_query_written_by_hand() -> None:
    """benchmarks/rules_by_hand.sql was written from rules.md, not from the compiler's output."""
    path = Path(__file__).parents[2] / "benchmarks" / "rules.py"
    spec = importlib.util.spec_from_file_location("rules_benchmark", path)
    assert spec is not None and spec.loader is not None
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    facts = benchmark.facts(3_000, np.random.default_rng(7))
    assert benchmark.same(evaluate(ruleset(), "check", facts), benchmark.by_hand(facts)())


def test_many_rows_come_back_in_their_order() -> None:
    one = table(lawful_facts())
    count = 300_000
    facts = one.take(pa.array(np.zeros(count, np.int64)))
    order = np.random.default_rng(1).permutation(count) + 1
    facts = facts.set_column(0, "ordinal", pa.array(order))
    facts = facts.set_column(facts.column_names.index("engaged_min_load"), "engaged_min_load", pa.array(order))
    findings = evaluate(ruleset(), "check", facts)
    assert np.array_equal(findings.column("ordinal").to_numpy(), order)
    assert np.array_equal(findings.column("R27").to_numpy() == Verdict.REFER, order > 100)


def test_no_rows_give_no_findings() -> None:
    for engine in ("duckdb", "sqlite"):
        findings = evaluate(ruleset(), "check", table(lawful_facts()).slice(0, 0), engine=engine)
        assert findings.num_rows == 0 and "R22_reason" in findings.column_names


@pytest.mark.parametrize(
    "change", [{"name_stated": 2}, {"order_date": LAST_DAY + 1}, {"order_date": FIRST_DAY - 1}, {"reentry_date": 2**62}], ids=str
)
def test_a_fact_outside_its_type_is_our_bug(change: dict[str, int]) -> None:
    with pytest.raises(OutOfOrder, match="outside its type"):
        evaluate(ruleset(), "check", table(lawful_facts(**change)))
    with pytest.raises(OutOfOrder, match="outside its type"):
        Single(ruleset(), "check").findings(lawful_facts(**change))


def test_text_in_place_of_a_number_is_our_bug() -> None:
    facts = table(lawful_facts())
    facts = facts.set_column(facts.column_names.index("order_date"), "order_date", pa.array(["2025-01-01"]))
    with pytest.raises(OutOfOrder, match="order_date"):
        evaluate(ruleset(), "check", facts)


def test_a_missing_fact_is_our_bug() -> None:
    with pytest.raises(OutOfOrder, match="order_date"):
        evaluate(ruleset(), "check", table(lawful_facts()).drop_columns(["order_date"]))


def test_two_rows_with_one_ordinal_are_our_bug() -> None:
    facts = table(lawful_facts(), lawful_facts())
    for engine in ("duckdb", "sqlite"):
        with pytest.raises(OutOfOrder, match="one ordinal"):
            evaluate(ruleset(), "check", facts.take([1, 0, 1]), engine=engine)
