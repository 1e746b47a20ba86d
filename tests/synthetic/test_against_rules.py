"""The generator's word against the law as data: what it calls lawful passes stage check, and each defect is found by its rule."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from portcullis import synthetic
from portcullis.model import Verdict

rules = pytest.importorskip("portcullis.rules", reason="the rules are not there")
facts = pytest.importorskip("portcullis.intake.facts", reason="the typed facts are not there")
addresses = pytest.importorskip("portcullis.intake.addresses", reason="the address standardiser is not there")
names = pytest.importorskip("portcullis.intake.names", reason="the name standardiser is not there")

OFFICERS = {"R26", "R27", "R28"}  # nobody is engaged here: that is the journey's business


def found(batch: synthetic.SyntheticBatch) -> list[dict[str, Verdict]]:
    """Per request the rules of stage check that fail or refer, received on the day the batch was made."""
    raw = batch.requests.append_column("ordinal", pa.array(np.arange(1, len(batch.requests) + 1)))
    day = (batch.as_of - date(1970, 1, 1)).days
    typed = facts.type_facts(raw, addresses.standardise_addresses(raw), names.standardise_names(raw), received_on=day)
    table = rules.evaluate(rules.load(rules.agreements_folder() / "irs-ice-2025"), "check", typed)
    kept = [name for name in table.column_names if name.startswith("R") and "_" not in name and name not in OFFICERS]
    return [{rule: Verdict(row[rule]) for rule in kept if row[rule] >= Verdict.REFER} for row in table.to_pylist()]


@pytest.fixture(scope="module")
def small() -> synthetic.SmallSet:
    return synthetic.small()


@pytest.fixture(scope="module")
def hostile(small: synthetic.SmallSet) -> list[tuple[dict[str, Verdict], dict[str, str]]]:
    """Findings and truth of every hostile request."""
    return list(zip(found(small.hostile), small.hostile.truth.to_pylist(), strict=True))


def test_every_lawful_request_passes(small: synthetic.SmallSet, perfected: synthetic.SyntheticBatch) -> None:
    assert found(small.clean) == [{}] * 40
    assert found(small.mixed) == [{}] * 40
    referred = [row for row in found(perfected) if row]
    assert len(referred) <= len(perfected.requests) // 500, referred[:5]


def test_each_defect_in_the_row_is_failed_by_the_rule_it_names(hostile: list[tuple[dict[str, Verdict], dict[str, str]]]) -> None:
    for row, truth in hostile:
        if truth["outcome"] == "deficient":
            assert row.get(truth["rule"]) == Verdict.FAIL, (truth["defect"], row)


def test_what_only_the_register_can_tell_passes_before_it_is_read(hostile: list[tuple[dict[str, Verdict], dict[str, str]]]) -> None:
    for row, truth in hostile:
        if truth["outcome"] == "no_disclosure":
            assert not row, truth["defect"]


def test_no_request_of_the_june_file_passes_as_it_came(june: synthetic.SyntheticBatch) -> None:
    rows = found(june)
    assert all(Verdict.FAIL in row.values() for row in rows)
    assert {"R14", "R17", "R19", "R20", "R24", "R29"} <= {rule for row in rows for rule in row}
