"""`portcullis demo`: the whole journey at a scale, on synthetic data only, in an empty directory.

1. A home with both agencies, eight people of the source agency, officers, standing, vault, agreement.
2. A synthetic register of 20 million x scale persons.
3. The June 2025 replay on it: as it was done, through the gateway, perfected.
4. The June file through the real gateway: received, run, nothing of it can be answered.
5. The perfected file the whole way: reviews, sample, two authorizations, commit, dispatch, receipt.
6. The evidence as a bundle with a trust file beside it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from portcullis import journey
from portcullis.agreement import find, load_agreement
from portcullis.demo.cast import AGREEMENT, Cast, make_cast, save_people
from portcullis.demo.play import authorize_all, dispatch_and_acknowledge, send_batch, to_sampled
from portcullis.errors import OutOfOrder
from portcullis.export import export_bundle
from portcullis.publish import publish
from portcullis.registers import record_loaded
from portcullis.replay import make_world, replay_in
from portcullis.synthetic import SyntheticBatch

__all__ = ["run_demo", "truth_by_ordinal"]

Say = Callable[[str], None]


def run_demo(
    home: Path, bundle: Path | None, scale: float, *, store: str = "", seed: int = 2025, say: Say = lambda _: None
) -> dict[str, Any]:
    """Play everything; returns the replay's figures, the batches and the seconds of each part."""
    marks = {"begun": time.monotonic()}
    requests = round(1_280_000 * scale)
    officers = [f"ICE-{1000 + number}" for number in range(1, -(-requests // 80) + 1)]
    say("a home, two agencies, their people and the agreement")
    cast = make_cast(home, store=store, officers=["ICE-0002", *officers])
    save_people(cast)
    say(f"a synthetic register of {round(20_000_000 * scale):,} persons and the June 2025 file")
    world = make_world(scale, seed, home / "tmp" / "source", home / "register")
    record_loaded(cast.home, world.prepared)
    marks["world"] = time.monotonic()
    shown = replay_in(world, load_agreement(find(AGREEMENT)), say)
    marks["replay"] = time.monotonic()
    say("the June file through the real gateway")
    first = _as_it_came(cast, world.june)
    say("the perfected file, the whole way")
    second, answers = _the_whole_way(cast, world.again)
    marks["journey"] = time.monotonic()
    if bundle is not None:
        say("the evidence")
        export_bundle(cast.home, bundle, trust=bundle.with_name(bundle.name + ".trust.json"))
    marks["evidence"] = time.monotonic()
    seconds = {name: round(marks[name] - marks[before], 1) for before, name in pairwise(marks)}
    batches = {"as_it_came": first, "perfected": second, "answers": answers}
    return {"scale": scale, "seed": seed, **shown, "batches": batches, "seconds": seconds}


def _as_it_came(cast: Cast, june: SyntheticBatch) -> dict[str, object]:
    got = send_batch(cast, cast.home.tmp / "june", june.requests, june.plan)
    if got.reason is None:
        journey.run(cast.home, got.batch_id)
    return journey.status(cast.home, got.batch_id)


def _the_whole_way(cast: Cast, batch: SyntheticBatch) -> tuple[dict[str, object], int]:
    got = send_batch(cast, cast.home.tmp / "perfected", batch.requests, batch.plan)
    if not to_sampled(cast, got.batch_id, truth_by_ordinal(batch)):
        raise OutOfOrder("The sample of the demonstration's batch found a defect.", "The batch is blocked.", "Report it.")
    authorize_all(cast, got.batch_id)
    sent = dispatch_and_acknowledge(cast, got.batch_id)
    publish(cast.home)
    if not isinstance(sent, int):
        raise OutOfOrder("The demonstration's batch was withheld.", "; ".join(sent.reasons), "Report it.")
    return journey.status(cast.home, got.batch_id), sent


def truth_by_ordinal(batch: SyntheticBatch) -> dict[int, tuple[str | None, bool]]:
    """Ordinal → the person meant and whether an answer would be lawful, from the hidden truth."""
    truth = batch.truth.take(pc.index_in(batch.requests["request_id"], batch.truth["request_id"].combine_chunks()))
    pairs = zip(truth["person_id"].to_pylist(), truth["lawful_matchable"].to_pylist(), strict=True)
    return {ordinal: (person, bool(lawful)) for ordinal, (person, lawful) in enumerate(pairs, 1)}
