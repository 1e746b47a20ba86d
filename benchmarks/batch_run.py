"""One batch from a signed CSV on disk to every decision in the published ledger, against a national register. Prints Markdown.

    python benchmarks/batch_run.py [--requests 1280000] [--addresses 20000000] [--keep DIR] [--verify]

1. A process of its own prepares: a home with its people and the agreement, a register of so many person-addresses (national.py, prepared by
   the product's own builder), a data file of so many lawful requests about them, packed and signed by the recipient, engaged by as many
   officers as it needs. With `--keep` all of that is left in DIR, and taken from there the next time.
2. A fresh process measures, through the functions behind the commands: `batch receive`, `batch run` (check, match), a script that closes
   every referral (its time stands apart and is not counted), and `batch run` again (decisions, publication).

The 4 GB are the peak resident memory of that second process; pages of the register's files that lie in memory are among them.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
from sqlalchemy import select

from measure import ROOT, Part, peak_mb, run, table, timed
from national import batch, national, prepare
from portcullis import evidence, journey
from portcullis.crypto import SigningKey, load_key
from portcullis.datafile import Engagement, ranges_of
from portcullis.demo.cast import Cast, make_cast, save_people
from portcullis.demo.play import close_reviews
from portcullis.export import export_bundle
from portcullis.home import DEMO_SECRET, open_home
from portcullis.intake.batch import receive
from portcullis.journal import stamp
from portcullis.matching.register import open_register
from portcullis.model import BatchState, LeafType
from portcullis.publish import publish
from portcullis.recipient import Asking, pack, sign_engagement
from portcullis.registers import record_loaded
from portcullis.store import reading, schema
from portcullis.synthetic.elements import lawful_elements, years
from portcullis.synthetic.people import officers
from portcullis.synthetic.rows import plan_officers

GOAL, MOST_MB = 120, 4_096
_STEPS = {
    BatchState.RECEIVED: "check: typing, rules of stage check, evidence",
    BatchState.CHECKED: "match: the register, rules of stage match, evidence",
    BatchState.MATCHED: "decide: decisions, accounting, commitments, leaves",
}


def say(words: str) -> None:
    """What is being prepared, on standard error."""
    print(words, file=sys.stderr, flush=True)


# ---- prepared ---------------------------------------------------------------------------------------------------------------------------
def prepare_all(folder: Path, requests: int, addresses: int) -> None:
    """Home, register and the packed batch, in `folder`."""
    people = tuple(one.id for one in officers(requests))
    say(f"a home and {len(people):,} officers …")
    cast = make_cast(folder / "home", officers=people)
    save_people(cast)
    say(f"a register of about {addresses:,} person-addresses …")
    made = national(addresses)
    asked, _ = batch(made, requests)
    figures = prepare(made, cast.home.path / "register")
    record_loaded(cast.home, open_register(cast.home.path / "register"))
    say("the batch …")
    nonce = _packed(cast, folder / "batch", with_elements(asked, cast.home.now()), people)
    (folder / "facts.json").write_text(json.dumps({"requests": requests, "addresses": figures["addresses"], "nonce": nonce}))


def with_elements(asked: pa.Table, now: int) -> pa.Table:
    """The requests with every element that the statute asks for, as of that second."""
    count, rng = asked.num_rows, np.random.default_rng(7)
    added = {"taxable_periods": years(np.full(count, 2021), np.full(count, 2024))}
    added |= lawful_elements(rng, count, datetime.fromtimestamp(now, UTC).date(), prefix="N")
    stated = asked.drop_columns(["ordinal"])
    for name, column in added.items():
        stated = stated.append_column(name, column)
    return stated


def _packed(cast: Cast, folder: Path, requests: pa.Table, people: tuple[str, ...]) -> str:
    """What the recipient sends: CSV, envelope, salts, engagements; returns its nonce."""
    data, terms = folder.with_suffix(".csv"), cast.agreement
    pacsv.write_csv(requests, data)
    of, nonce = (terms.id, terms.version), f"{requests.num_rows:032x}"
    asking = Asking(*of, terms.gate, terms.data_class, cast.recipient, cast.signer, nonce, stamp(cast.home.now()))
    envelope = pack(data, folder, cast.keys[cast.signer], asking)
    data.unlink()
    with (folder / "engagements.jsonl").open("wb") as file:
        for officer, ordinals in plan_officers(requests.num_rows, people).items():
            file.write(sign_engagement(cast.keys[officer], Engagement(*of, envelope.nonce, envelope.root, officer, ranges_of(ordinals))))
    return nonce


# ---- measured ---------------------------------------------------------------------------------------------------------------------------
class Steps:
    """Turns the states that `journey.run` reports into parts with seconds and peak memory."""

    def __init__(self) -> None:
        """Nothing is under way yet."""
        self.parts: list[tuple[str, float, float, int]] = []
        self._name, self._begun, self._used = "", 0.0, 0.0

    def at(self, _: str, state: BatchState) -> None:
        """The step before this state has ended."""
        self.begin(_STEPS.get(state, "publish"))

    def begin(self, name: str) -> None:
        """A part begins, and the one before has ended."""
        self.end()
        self._name, self._begun, self._used = name, time.perf_counter(), time.process_time()

    def end(self) -> None:
        """Whatever is under way has ended."""
        if self._name:
            seconds, used = time.perf_counter() - self._begun, time.process_time() - self._used
            self.parts.append((self._name, seconds, used, peak_mb()))
        self._name = ""


def cast_of(folder: Path) -> Cast:
    """The home of the preparation, and the keys of the source agency's people."""
    secret = (folder / "home" / "keys" / DEMO_SECRET).read_bytes()
    home, keys = open_home(folder / "home"), dict[str, SigningKey]()
    for path in sorted((folder / "home" / "keys" / "people").glob("IRS-*.json")):
        key = load_key(path, secret)
        assert isinstance(key, SigningKey)
        keys[path.stem] = key
    return Cast(home, {}, keys)


def measure(folder: Path) -> dict[str, Any]:
    """Receive and run; returns parts, figures and what the ledger and the batch came to."""
    cast, steps, apart = cast_of(folder), Steps(), list[Part]()
    home, begun = cast.home, peak_mb()
    steps.begin("receive: signature, file root, engagements, rows encrypted")
    got = receive(home, folder / "batch")
    steps.end()
    if got.reason is not None:
        sys.exit(f"The batch was refused: {got.reason}.")
    _run(cast, got.batch_id, steps)
    with timed(apart, "every referral closed by a script"):
        referred = close_reviews(cast, got.batch_id)
    _run(cast, got.batch_id, steps)
    with reading(home.engine) as conn:
        state = conn.execute(select(schema.batch.c.state).where(schema.batch.c.id == got.batch_id)).scalar_one()
        decisions = evidence.read(home, conn, got.batch_id, "decisions", columns=["decision"])["decision"].to_pylist()
        leaves = len(conn.execute(select(schema.leaf.c.idx).where(schema.leaf.c.type == LeafType.REQUEST_DECIDED.value)).all())
    head = publish(home)
    return {
        "parts": steps.parts,
        "apart": apart[0].seconds,
        "referred": referred,
        "state": state,
        "by_decision": Counter(decisions),
        "decided_leaves": leaves,
        "published": head.size if head else 0,
        "before_mb": begun,
        "peak_mb": peak_mb(),
    }


def _run(cast: Cast, batch_id: str, steps: Steps) -> None:
    journey.run(cast.home, batch_id, steps.at)
    steps.end()


# ---- shown ------------------------------------------------------------------------------------------------------------------------------
def shown(facts: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Print the table; whether every request has its decision in the published ledger."""
    rows: dict[str, tuple[float, float, int]] = {}
    for name, seconds, used, peak in found["parts"]:
        before = rows.get(name, (0.0, 0.0, 0))
        rows[name] = (before[0] + seconds, before[1] + used, peak)
    total = sum(seconds for seconds, *_ in rows.values())
    print(f"{facts['requests']:,} requests against {facts['addresses']:,} person-addresses.\n")
    each = [(name, seconds, f"{seconds / total:.0%}", used, peak) for name, (seconds, used, peak) in rows.items()]
    whole_row = ("**all of it**", total, "100%", sum(used for _, used, _ in rows.values()), found["peak_mb"])
    print(table(["part", "s", "share", "of the processors, s", "peak MiB so far"], [*each, whole_row]))
    print(f"\n{found['referred']:,} requests were referred and closed by a script in {found['apart']:.1f} s, which are not counted.")
    print(f"The process held {found['before_mb']:,} MiB before it began. The batch is {found['state']}.")
    print("Decisions: " + ", ".join(f"{count:,} {word}" for word, count in sorted(found["by_decision"].items())) + ".")
    whole = found["decided_leaves"] == facts["requests"] == sum(found["by_decision"].values()) and found["published"] >= facts["requests"]
    print(f"Every decision in the published ledger: {'yes' if whole else 'NO'} ({found['published']:,} leaves).")
    if facts["requests"] >= 1_280_000:
        print(f"The goal is under {GOAL} s and {MOST_MB:,} MiB.")
    return bool(whole)


def main() -> None:
    """Prepare, measure in a fresh process, print."""
    parser = argparse.ArgumentParser(description="Measure `batch receive` and `batch run`.")
    parser.add_argument("--requests", type=int, default=1_280_000)
    parser.add_argument("--addresses", type=int, default=20_000_000, help="about so many person-addresses on the register")
    parser.add_argument("--keep", type=Path, help="prepare in this folder, or use what was prepared there")
    parser.add_argument("--verify", action="store_true", help="at the end verify the whole ledger with verifier/verify.py")
    parser.add_argument("--step", choices=["prepare", "measure"], help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.step == "prepare":
        return prepare_all(asked.keep, asked.requests, asked.addresses)
    if asked.step == "measure":
        return print(json.dumps(measure(asked.keep)))
    with tempfile.TemporaryDirectory(prefix="portcullis-bench-") as scratch:
        sys.exit(0 if _both(asked, Path(scratch)) else 1)


def _both(asked: argparse.Namespace, scratch: Path) -> bool:
    kept = asked.keep or scratch / "prepared"
    sizes = ["--requests", str(asked.requests), "--addresses", str(asked.addresses)]
    if not (kept / "facts.json").is_file():
        kept.mkdir(parents=True, exist_ok=True)
        if run([__file__, "--step", "prepare", "--keep", kept, *sizes]).code:
            sys.exit("The preparation failed.")
    work = kept
    if asked.keep:  # what was prepared stays as it was
        work = scratch / "work"
        say("a copy of what was prepared …")
        shutil.copytree(kept, work)
    done = run([__file__, "--step", "measure", "--keep", work])
    if done.code:
        sys.exit("The measurement failed.")
    good = shown(json.loads((kept / "facts.json").read_text()), json.loads(done.output.splitlines()[-1]))
    return good and (not asked.verify or _verified(work))


def _verified(folder: Path) -> bool:
    bundle = folder / "bundle"
    export_bundle(open_home(folder / "home"), bundle, trust=bundle.with_name("bundle.trust.json"))
    ran = run([ROOT / "verifier" / "verify.py", bundle, "--trust", bundle.with_name("bundle.trust.json")])
    print(f"`verifier/verify.py`: {'verified' if ran.code == 0 else 'DID NOT VERIFY'} in {ran.seconds:.1f} s, {ran.peak:,} MiB.")
    return ran.code == 0


if __name__ == "__main__":
    main()
