"""Splink 5 on the same standardised columns, with defaults a sensible user would choose; only where it is installed (benchmarks.txt).

It is given house number, street, ZIP, names, second letter and birth date, blocks on house number and ZIP and on names and ZIP, and
answers with the best candidate of each request when that is alone at or above a weight. What is compared: the wrong answers at the
recall this project has on the same requests, and the seconds from standardised rows to answers.
"""

from __future__ import annotations

import importlib.util
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from national import National, batch, national, prepare
from portcullis.evaluation import evaluate
from portcullis.matching.match import match
from portcullis.matching.register import open_register
from portcullis.matching.requests import prepare_requests

__all__ = ["splink_figures"]

COLUMNS = ("given_first", "family", "middle_initial", "dob", "house", "street_name", "zip5")


def _columns(names: pa.Table, places: pa.Table, ids: pa.Array, unique: pa.Array) -> pa.Table:
    table = {"unique_id": unique, "who": ids}
    table |= {c: (names if c in names.column_names else places)[c] for c in COLUMNS}
    return pa.table(table | {"dob": pc.cast(table["dob"], pa.string())})


def _register_side(made: National) -> pa.Table:
    """One row a person-address, with the name of the person."""
    parts = []
    for folk, place in made.portions():
        person = place["person"]
        ids = folk.persons["person_id"].take(person)
        unique = pc.binary_join_element_wise("r", ids, pc.cast(pa.array(range(place.num_rows)), pa.string()), "-")
        parts.append(_columns(folk.names.take(person), place, ids, unique))
    return pa.concat_tables(parts)


def _linker(register: pa.Table, asked: pa.Table) -> Any:
    import splink.comparison_library as cl  # noqa: PLC0415  installed for benchmarks only
    from splink import Linker, SettingsCreator, block_on  # noqa: PLC0415
    from splink.backends.duckdb import DuckDBAPI  # noqa: PLC0415

    api = DuckDBAPI()
    settings = SettingsCreator(
        link_type="link_only",
        comparisons=[
            cl.JaroWinklerAtThresholds("given_first", [0.92, 0.88]).configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("family", [0.92, 0.88]).configure(term_frequency_adjustments=True),
            cl.ExactMatch("middle_initial"),
            cl.ExactMatch("dob"),
            cl.JaroWinklerAtThresholds("street_name", [0.92]),
            cl.ExactMatch("house"),
            cl.ExactMatch("zip5"),
        ],
        blocking_rules_to_generate_predictions=[block_on("house", "zip5"), block_on("given_first", "family", "zip5")],
        additional_columns_to_retain=["who"],
    )
    linker = Linker([api.register(asked, table_name="asked"), api.register(register, table_name="register")], settings, log_level="ERROR")
    linker.training.estimate_probability_two_random_records_match([block_on("house", "zip5", "given_first", "family")], recall=0.8)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("house", "street_name", "zip5"))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("given_first", "family", "zip5"))
    return linker


def _answers(linker: Any, weight: float) -> list[tuple[str, str, float]]:
    """(request, person, weight) where the best person of a request stands alone."""
    found = linker.inference.predict(threshold_match_weight=weight).as_duckdbpyrelation()
    columns = {c.lower() for c in found.columns}
    left_asked = "source_dataset_l" not in columns
    rows = found.project("unique_id_l, unique_id_r, who_l, who_r, match_weight").fetchall()
    best: dict[str, dict[str, float]] = {}
    for first, second, who_first, who_second, points in rows:
        asked, person = (first, who_second) if str(first).startswith("n") else (second, who_first)
        mine = best.setdefault(asked, {})
        mine[person] = max(mine.get(person, -99.0), points)
    assert left_asked or best is not None
    out = []
    for asked, people in best.items():
        top = max(people.values())
        if sum(points == top for points in people.values()) == 1:
            out.append((asked, max(people, key=people.__getitem__), top))
    return out


def splink_figures(rows: int, requests: int, say: Callable[[str, str], None]) -> None:
    """Both on one register and batch, at a size Splink can do here."""
    if importlib.util.find_spec("splink") is None:
        say("Splink 5", "not installed: pip install --require-hashes -r requirements/benchmarks.txt")
        return
    made = national(rows)
    raw, truth = batch(made, requests)
    filed = _register_side(made)
    with tempfile.TemporaryDirectory(dir=".") as scratch:
        prepare(made, Path(scratch) / "r")
        register = open_register(Path(scratch) / "r")
        prepared = prepare_requests(raw)
        begun = time.monotonic()
        match(prepared, register)
        ours, figures = time.monotonic() - begun, evaluate(register, raw, truth).figures
    asked = _columns(prepared, prepared, raw["request_id"], raw["request_id"])
    begun = time.monotonic()
    linker = _linker(filed, asked)
    trained, begun = time.monotonic() - begun, time.monotonic()
    answers = sorted(_answers(linker, 0.0), key=lambda a: -a[2])
    say(f"Splink 5, {rows:,} person-addresses, {requests:,} requests", f"train {trained:.1f} s, predict {time.monotonic() - begun:.1f} s")
    say(
        "this project on the same", f"match {ours:.2f} s, recall {figures['recall']:.3f}, wrong {figures['wrong']} of {figures['released']}"
    )
    _at_recall(answers, truth, figures["correct"], say)


def _at_recall(answers: list[tuple[str, str, float]], truth: dict[str, str | None], correct: int, say: Callable[[str, str], None]) -> None:
    right = wrong = 0
    for asked, person, points in answers:
        right, wrong = right + (truth[asked] == person), wrong + (truth[asked] != person)
        if right == correct:
            say("Splink 5 at the same recall", f"weight {points:.1f}, wrong {wrong} of {right + wrong}")
            return
    say("Splink 5 does not reach that recall", f"at weight 0 right {right}, wrong {wrong}")
