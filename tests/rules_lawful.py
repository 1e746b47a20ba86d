"""The lawful request of irs-ice-2025, for every test that needs one: its raw row, and its facts of both stages."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import pyarrow as pa

from portcullis.intake.facts_cases import typed_rows
from portcullis.rules import RuleSet, agreements_folder, load
from portcullis.rules.cases import Lawful, facts_table, lawful

AGREEMENT = agreements_folder() / "irs-ice-2025"


@lru_cache
def ruleset() -> RuleSet:
    """The shipped rules."""
    return load(AGREEMENT)


@lru_cache
def lawful_request() -> Lawful:
    """The whole lawful request as cases/lawful.yaml states it."""
    return lawful(AGREEMENT)


def lawful_raw_row(**changes: str | None) -> dict[str, str | None]:
    """A row of a data file that every rule passes, with some columns changed."""
    return {**lawful_request().row, **changes}


@lru_cache
def _lawful() -> Mapping[str, Any]:
    base = lawful_request()
    return {**typed_rows([base.row], base.received_on).to_pylist()[0], **base.officer, **base.match}


def lawful_facts(**changes: Any) -> dict[str, Any]:
    """The facts of that row, its officers and its match, with some facts changed."""
    return {**_lawful(), "ordinal": 1, **changes}


def lawful_batch_facts(**changes: Any) -> dict[str, Any]:
    """The facts of the batch it came in, with some changed."""
    return {**lawful_request().batch, **changes}


def table(*rows: Mapping[str, Any]) -> pa.Table:
    """Rows of facts as one table, numbered from 1."""
    return facts_table(ruleset(), [{**row, "ordinal": place} for place, row in enumerate(rows, 1)])
