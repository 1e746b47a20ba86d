"""The demonstration measured: seconds of each part and peak memory. Prints Markdown.

    python benchmarks/journey.py [--scale 0.05] [--store sqlite|postgresql]

At scale 0.05 it is 64,000 requests against a register of a million persons, twice through the gateway.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from measure import ROOT, Part, peak_mb, run, table
from portcullis.demo import run_demo
from portcullis.errors import PortcullisError


class Clock:
    """Turns the demonstration's words into parts with their seconds."""

    def __init__(self) -> None:
        """Starts now."""
        self.parts: list[Part] = []
        self._begun = time.perf_counter()
        self._name = ""

    def say(self, name: str) -> None:
        """The part before ends, this one begins."""
        now = time.perf_counter()
        if self._name:
            self.parts.append(Part(self._name, now - self._begun))
        self._name, self._begun = name, now


def main() -> None:
    """Play, verify, print."""
    parser = argparse.ArgumentParser(description="Measure the demonstration.")
    parser.add_argument("--scale", type=float, default=0.05)
    parser.add_argument("--store", choices=["sqlite", "postgresql"], default="sqlite")
    asked = parser.parse_args()
    cluster = _cluster() if asked.store == "postgresql" else None
    try:
        with tempfile.TemporaryDirectory(prefix="portcullis-bench-") as folder:
            measure(Path(folder), asked.scale, "" if cluster is None else cluster.url())
    finally:
        if cluster is not None:
            cluster.stop()


def _cluster() -> Any:
    sys.path.insert(0, str(ROOT / "tests"))
    import pg_cluster  # noqa: PLC0415 - only when asked for

    if reason := pg_cluster.why_not():
        sys.exit(f"PostgreSQL not measured: {reason}")
    return pg_cluster.start(durable=True)


def measure(folder: Path, scale: float, store: str) -> None:
    """One demonstration in `folder`, and its evidence verified."""
    clock, bundle = Clock(), folder / "bundle"
    try:
        shown = run_demo(folder / "home", bundle, scale, store=store, say=clock.say)
    except PortcullisError as error:
        sys.exit(f"The demonstration failed: {error}")
    clock.say("")
    checked = run([ROOT / "verifier" / "verify.py", bundle, "--trust", bundle.with_name("bundle.trust.json")])
    clock.parts.append(Part("the evidence verified by `verifier/verify.py`", checked.seconds))
    print(f"{round(1_280_000 * scale):,} requests, {round(20_000_000 * scale):,} persons.\n")
    print(table(["part", "s"], [(part.name, part.seconds) for part in clock.parts]))
    journey = sum(part.seconds for part in clock.parts if part.name.endswith(("the real gateway", "the whole way")))
    print(
        f"\nBoth batches through the gateway: {journey:.1f} s; in all {sum(p.seconds for p in clock.parts):.1f} s; peak {peak_mb():,} MiB",
        end="",
    )
    print(f" (verifier {checked.peak:,} MiB). Verified: {'yes' if checked.code == 0 else 'NO'}.\n")
    runs = shown["runs"]
    names = ("requests", "released", "unlawful", "lawful_matchable", "lawful_released", "wrong_person", "seconds")
    print(table(["run", *names], [(name, *(figures[each] for each in names)) for name, figures in runs.items()]))
    for name in ("as_it_came", "perfected"):
        print(f"\n`{name}`: " + ", ".join(f"{count:,} {word}" for word, count in sorted(shown["batches"][name]["by_decision"].items())))


if __name__ == "__main__":
    main()
