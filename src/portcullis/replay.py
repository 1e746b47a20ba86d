"""The June 2025 file, three times over the same synthetic people: as it was done, through the gateway, perfected (rules.md, section 5).

`layers` shows each safeguard's own catch with the others switched off: of what the reported process released, how much does this layer
alone stop or refer to a person, and what would have gone on. Rules are only ever taken out here, on synthetic data.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from portcullis import old_process, pipeline, synthetic
from portcullis.agreement import Agreement, find, load_agreement
from portcullis.errors import OutOfOrder
from portcullis.matching.load import load_register
from portcullis.matching.register import Register, open_register
from portcullis.model import DATA_COLUMNS, Verdict
from portcullis.rules import evaluate_batch
from portcullis.standing.vaults import APPROVED
from portcullis.synthetic import SyntheticBatch

__all__ = [
    "AGREEMENT",
    "GOOD_BATCH",
    "LAYERS",
    "REPORTED_STANDING",
    "REPORTED_STORAGE",
    "Say",
    "World",
    "check_file",
    "make_world",
    "replay",
    "replay_in",
]

AGREEMENT = "irs-ice-2025"


@dataclass(frozen=True, slots=True)
class Layer:
    """A group of rules that stands for one safeguard; `stage` is where it works."""

    name: str
    rules: tuple[str, ...]
    stage: str


LAYERS: tuple[Layer, ...] = (
    Layer("Named officers, each signed and of plausible load", ("R26", "R27", "R28"), "request"),
    Layer("Each request complete in itself", ("R09", "R11", "R17", "R19", "R20", "R21", "R22", "R23", "R24", "R25", "R29"), "request"),
    Layer("A genuine address", ("R12", "R13", "R14", "R15"), "request"),
    Layer("The address confirmed on file, one person", ("R32", "R33", "R34"), "request"),
    Layer("Safeguard standing of the recipient", ("R06",), "batch"),
    Layer("A vault, not a workstation", ("R46",), "vault"),
)

REPORTED_STANDING: Mapping[str, int | str | None] = {
    "safeguard_current": 1,
    "safeguard_findings_without_plan": 1,
    "safeguard_suspended": 0,
}
"""The recipient's safeguard findings of 2023 were open without a corrective plan in June 2026 [R]."""
REPORTED_STORAGE = "workstation"
"""What was sent was kept on one employee's computer [R]."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class World:
    """A synthetic register with the June file and its perfected counterpart, and the register as prepared for matching."""

    made: synthetic.Register
    june: SyntheticBatch
    again: SyntheticBatch
    prepared: Register


def make_world(scale: float, seed: int, source: Path, prepared: Path) -> World:
    """Generate everything at that scale: 20 million x scale persons, 1.28 million x scale requests."""
    made = synthetic.register(scale, seed)
    june = synthetic.june_2025(made, scale, seed)
    again = synthetic.perfected(june, made, seed)
    synthetic.write_register(made, source)
    load_register(source, prepared)
    return World(made, june, again, open_register(prepared))


def replay(scale: float, *, seed: int = 2025, say: Say = lambda _: None) -> dict[str, Any]:
    """Run all three; returns `runs` and `layers` as `portcullis replay june-2025 --json` prints them. Needs no home."""
    with tempfile.TemporaryDirectory(prefix="portcullis-replay-") as folder:
        say("making a synthetic register and the June file")
        world = make_world(scale, seed, Path(folder) / "source", Path(folder) / "prepared")
        return {"scale": scale, "seed": seed} | replay_in(world, load_agreement(find(AGREEMENT)), say)


def replay_in(world: World, terms: Agreement, say: Say = lambda _: None) -> dict[str, Any]:
    """The three runs and the layers in a world that was made."""
    say("as it was done")
    begun = time.monotonic()
    old = old_process.run(world.june.requests, world.made.persons, world.made.addresses)
    runs: dict[str, Any] = {"as_it_was_done": synthetic.score(old, world.june.truth) | {"seconds": _since(begun)}}
    say("through the gateway")
    begun = time.monotonic()
    checked = check_file(world.june, terms)
    runs["gateway"] = _run(world.june, checked, world.prepared, terms) | {"seconds": _since(begun)}
    say("each layer with the others off")
    layers = _layers(world.june, old, checked, world.prepared, terms)
    say("the same people, lawfully asked")
    begun = time.monotonic()
    runs["perfected"] = _run(world.again, check_file(world.again, terms), world.prepared, terms) | {"seconds": _since(begun)}
    return {"runs": runs, "layers": layers}


def _since(begun: float) -> float:
    return round(time.monotonic() - begun, 2)


def numbered(requests: pa.Table) -> pa.Table:
    """A table of requests as intake gives it: `ordinal` from 1 and every data column."""
    columns = {name: requests[name] if name in requests.column_names else pa.nulls(requests.num_rows, pa.string()) for name in DATA_COLUMNS}
    return pa.table({"ordinal": pa.array(np.arange(1, requests.num_rows + 1)), **columns})


def officer_table(plan: Mapping[str, range], count: int) -> pa.Table:
    """Officer facts of a batch whose plan is signed by eligible, trained officers with no earlier load."""
    load = np.full(count, -1, np.int64)
    for ordinals in plan.values():
        load[ordinals.start - 1 : ordinals.stop - 1] = len(ordinals)
    named = load >= 0
    flags = {name: pa.array(named.astype(np.int64)) for name in ("officers", "engaged_signed", "engaged_eligible", "engaged_trained")}
    return pa.table({"ordinal": pa.array(np.arange(1, count + 1)), **flags, "engaged_min_load": pa.array(load, mask=~named)})


def check_file(batch: SyntheticBatch, terms: Agreement) -> pipeline.Checked:
    """Stage check of every rule over a synthetic file, received on its day."""
    received = (batch.as_of.toordinal() - 719_163) + 1
    return pipeline.check(numbered(batch.requests), officer_table(batch.plan, batch.requests.num_rows), received, terms.rules)


def _run(batch: SyntheticBatch, checked: pipeline.Checked, prepared: Register, terms: Agreement) -> dict[str, Any]:
    matched = pipeline.match(checked, prepared, terms.rules)
    outcome = pipeline.decide_all(checked, matched, {}, terms.answer)
    released = pc.is_in(outcome["decision"], pa.array(["disclose", "confirm"]))
    table = pa.table(
        {
            "request_id": batch.requests["request_id"],
            "released": released,
            "person_id": pc.if_else(released, outcome["person_id"], pa.scalar(None, pa.string())),
        }
    )
    reasons = {row["values"]: row["counts"] for row in pc.value_counts(outcome["reason"].combine_chunks()).to_pylist() if row["values"]}
    decisions = {row["values"]: row["counts"] for row in pc.value_counts(outcome["decision"].combine_chunks()).to_pylist()}
    return synthetic.score(table, batch.truth) | {"by_decision": decisions, "by_reason": dict(sorted(reasons.items()))}


def _layers(june: SyntheticBatch, old: pa.Table, checked: pipeline.Checked, prepared: Register, terms: Agreement) -> list[dict[str, Any]]:
    """Each layer alone against what the reported process released."""
    in_file = pc.index_in(june.requests["request_id"], old["request_id"].combine_chunks())
    released = pc.fill_null(old["released"].take(in_file), False).to_numpy().astype(bool)
    truth = june.truth.take(pc.index_in(june.requests["request_id"], june.truth["request_id"].combine_chunks()))
    lawful = pc.fill_null(truth["address_on_file"], False).to_numpy().astype(bool)
    paths = pc.fill_null(pc.equal(old["path"].take(in_file), old_process.NUMBER_PATH), False).to_numpy().astype(bool)
    unlawful = released & (paths | ~lawful)
    everything = _matched_whatever(checked, prepared, terms)
    shown = []
    for layer in LAYERS:
        stops = _stops(layer, checked, everything, terms)
        # A layer that compares the address has confirmed it: what it lets go is unlawful only where it is not on file.
        wrong = released & ~lawful if "R33" in layer.rules else unlawful
        shown.append(
            {
                "layer": layer.name,
                "rules": list(layer.rules),
                "stopped": int((released & stops).sum()),
                "stopped_unlawful": int((unlawful & stops).sum()),
                "released": int((released & ~stops).sum()),
                "released_unlawful": int((wrong & ~stops).sum()),
            }
        )
    return shown


def _matched_whatever(checked: pipeline.Checked, prepared: Register, terms: Agreement) -> pipeline.Matched:
    """Match every row, also those that rules refuse: only so can a layer behind them be shown by itself. Synthetic data only."""
    if not prepared.synthetic:
        raise OutOfOrder("Rules are never switched off on a real register.")
    none = pa.array(np.zeros(checked.totals.num_rows, np.int64))
    totals = pa.table({"ordinal": checked.totals["ordinal"], "fail_deficient": none, "fail_uniform": none, "refer": none})
    return pipeline.match(
        pipeline.Checked(checked.names, checked.addresses, checked.facts, checked.findings, totals), prepared, terms.rules
    )


def _stops(layer: Layer, checked: pipeline.Checked, everything: pipeline.Matched, terms: Agreement) -> np.ndarray:
    """Which rows this layer alone fails or refers."""
    count = checked.totals.num_rows
    if layer.stage == "batch":
        facts = dict(GOOD_BATCH) | dict(REPORTED_STANDING)
        failed = any(f.rule in layer.rules and f.verdict >= Verdict.REFER for f in evaluate_batch(terms.rules, facts))
        return np.full(count, failed)
    if layer.stage == "vault":
        return np.full(count, REPORTED_STORAGE not in APPROVED)
    stops = np.zeros(count, bool)
    for findings in (checked.findings, everything.findings):
        for rule in layer.rules:
            if rule in findings.column_names:
                stops |= findings[rule].to_numpy() >= Verdict.REFER
    return stops


GOOD_BATCH: Mapping[str, int | str | None] = {
    "written": 1,
    "signature_valid": 1,
    "signer_on_roster": 1,
    "signer_is_head": 1,
    "delegation_present": 0,
    "delegation_approved": 1,
    "agency_federal": 1,
    "gate": "6103(i)(2)",
    "data_class": "mailing_address",
    "safeguard_current": 1,
    "safeguard_findings_without_plan": 0,
    "safeguard_suspended": 0,
    "stay_active": 0,
    "agreement_in_force": 1,
    "agreement_named": 1,
    "agreement_covers_gate": 1,
    "count_agrees": 1,
    "root_agrees": 1,
    "ids_unique": 1,
    "nonce_fresh": 1,
}
"""The facts of a batch whose envelope, agreement and standing are in order."""
