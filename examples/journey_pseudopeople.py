"""The whole journey on people nobody here made up: the pseudopeople register and its requests, wrapped in lawful elements.

    python examples/journey_pseudopeople.py HOME [--store-url URL]

Makes a demonstration home at HOME (an empty or absent directory), loads `examples/pseudopeople/register`, sends the wrapped requests as one
signed batch, and takes it the whole way: rules, matching, reviews (all refused: a script is nobody's judgement), the sample, two
authorizations, commit, dispatch, receipt. Prints how the answers compare with the ground truth, as JSON.

The sample is checked by hand in earnest: with the truth. When it finds a wrong person the batch is blocked and nothing leaves; that is
how it should end, and the output says so.
"""

from __future__ import annotations

import argparse
import json
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from wrap_pseudopeople import HERE, wrap

from portcullis import evidence, journey, synthetic
from portcullis.demo import authorize_all, dispatch_and_acknowledge, make_cast, send_batch, to_sampled
from portcullis.registers import load_into
from portcullis.store import reading


def truth_of(requests: pa.Table) -> list[str | None]:
    """The person each request means, in file order; None when nobody on the register."""
    truth = pq.read_table(HERE / "truth.parquet")
    at = pc.index_in(requests["request_id"], truth["request_id"].combine_chunks())
    people: list[str | None] = truth["person_id"].take(at).to_pylist()
    return people


def main() -> None:
    """Play the journey and print what came of it."""
    parser = argparse.ArgumentParser(description="The whole journey on the pseudopeople set.")
    parser.add_argument("home", type=Path)
    parser.add_argument("--store-url", default="")
    arguments = parser.parse_args()
    requests = wrap(pq.read_table(HERE / "requests.parquet"), date(2025, 6, 27), 2025)
    plan = synthetic.plan_officers(len(requests), tuple(one.id for one in synthetic.officers(len(requests))))
    cast = make_cast(arguments.home, store=arguments.store_url, officers=list(plan))
    load_into(cast.home, HERE / "register")
    people = truth_of(requests)
    batch = send_batch(cast, cast.home.tmp / "pseudopeople", requests, plan).batch_id
    passed = to_sampled(cast, batch, {ordinal: (person, person is not None) for ordinal, person in enumerate(people, 1)})
    sent: object = "nothing: the sample found a wrong person and blocked the batch"
    if passed:
        authorize_all(cast, batch)
        sent = dispatch_and_acknowledge(cast, batch)
    with reading(cast.home.engine) as conn:
        decided = evidence.read(cast.home, conn, batch, "decisions", columns=["decision", "person_id"]).to_pylist()
    pairs = zip(decided, people, strict=True)
    answered = [(one["person_id"], person) for one, person in pairs if one["decision"] in ("disclose", "confirm")]
    correct = sum(found == person for found, person in answered)
    matchable = sum(person is not None for person in people)
    shown = journey.status(cast.home, batch) | {
        "answered": len(answered),
        "correct": correct,
        "wrong": len(answered) - correct,
        "matchable": matchable,
        "recall": round(correct / matchable, 4),
        "sent": sent,
    }
    print(json.dumps(shown, indent=1, sort_keys=True))


if __name__ == "__main__":
    main()
