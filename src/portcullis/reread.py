"""What each court reading changed for the file of June 2025, in counts: the release as it was done, read again ruling by ruling.

The question is asked of what the reported process released of the synthetic file (old_process.py), once per ruling that became known
between two days: how many of those releases does each of its changes stop or refer, under which reason code, and what is left. An order
counts only where it was in force on the day asked about; nothing is taken out of the agreement's own rules.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from portcullis import old_process, pipeline
from portcullis.agreement import Agreement, find, load_agreement
from portcullis.errors import OutOfOrder, Refused
from portcullis.model import Verdict
from portcullis.readings import AsOf, Change, Reading, load_readings, readings_file
from portcullis.replay import GOOD_BATCH, REPORTED_STORAGE, Say, World, check_file, make_world
from portcullis.rules import evaluate_batch, rules_of
from portcullis.standing.vaults import APPROVED

__all__ = ["REPLAY", "reread", "reread_in"]

REPLAY = "june-2025"
EXAMPLES = 5

Bools = npt.NDArray[np.bool_]
Found = tuple[npt.NDArray[np.int8], Sequence[str | None]]
"""Per row of the file: a rule's verdict, and its reason."""


@dataclass(frozen=True, slots=True)
class _Done:
    """What the reported process did with each row, and what every rule says of it now."""

    released: Bools
    path: npt.NDArray[np.object_]
    tables: tuple[pa.Table, ...]
    terms: Agreement

    def found(self, rule: str, *, stayed: bool) -> Found:
        """Verdict and reason of one rule for each row; `stayed` when an order covers the flow."""
        for table in self.tables:
            if rule in rules_of(table):
                return _spread(table, rule, len(self.released))
        if rule == "R46":
            return self._all(Verdict.PASS if REPORTED_STORAGE in APPROVED else Verdict.FAIL, "S-STORAGE-UNAPPROVED")
        facts = {**GOOD_BATCH, "stay_active": int(stayed)}
        for finding in evaluate_batch(self.terms.rules, facts):
            if finding.rule == rule:
                return self._all(finding.verdict, finding.reason)
        raise OutOfOrder(f"Rule {rule} says nothing about the file.", "A reading names it.", "See agreements/replays.")

    def _all(self, verdict: Verdict, reason: str | None) -> Found:
        count = len(self.released)
        return np.full(count, int(verdict), np.int8), [reason] * count


def _spread(table: pa.Table, rule: str, count: int) -> Found:
    verdicts, reasons = np.zeros(count, np.int8), [None] * count
    rows = table["ordinal"].to_numpy() - 1
    verdicts[rows] = table[rule].to_numpy()
    for row, reason in zip(rows.tolist(), table[f"{rule}_reason"].to_pylist(), strict=True):
        reasons[row] = reason
    return verdicts, reasons


def reread(old: AsOf, new: AsOf, scale: float, *, seed: int = 2025, say: Say = lambda _: None) -> dict[str, Any]:
    """The steps from one day's reading to another's over the synthetic file; needs no home. Raises Refused when `new` is not later."""
    if old.known >= new.known:
        raise Refused(
            "The second day must be known later than the first.", "Between them lie the readings to be shown.", "Change them about."
        )
    with tempfile.TemporaryDirectory(prefix="portcullis-replay-") as folder:
        say("making a synthetic register and the June file")
        world = make_world(scale, seed, Path(folder) / "source", Path(folder) / "prepared")
        return {"replay": REPLAY, "scale": scale, "seed": seed} | reread_in(world, load_agreement(find("irs-ice-2025")), old, new, say)


def reread_in(world: World, terms: Agreement, old: AsOf, new: AsOf, say: Say = lambda _: None) -> dict[str, Any]:
    """The same in a world that was made."""
    known = load_readings(readings_file(REPLAY), terms.rules)
    done = _as_it_was_done(world, terms, say)
    standing = done.released.copy()
    for reading in known.by(old):
        standing &= ~_stopped(done, reading, old)
    begun, steps = int(standing.sum()), []
    for reading in known.between(old, new):
        after = standing & ~_stopped(done, reading, new)
        steps.append(_step(done, reading, new) | {"released_before": int(standing.sum()), "released_after": int(after.sum())})
        standing = after
    return {
        "old": str(old),
        "new": str(new),
        "applied": {"on": str(known.applied_on), "source": "R", "says": known.applied, "released": int(done.released.sum())},
        "released_old": begun,
        "steps": steps,
        "released_new": int(standing.sum()),
        "released_all_rules": int((done.released & ~_any_rule(done)).sum()),
    }


def _as_it_was_done(world: World, terms: Agreement, say: Say) -> _Done:
    say("as it was done")
    answered = old_process.run(world.june.requests, world.made.persons, world.made.addresses)
    at = pc.index_in(world.june.requests["request_id"], answered["request_id"].combine_chunks())
    released = pc.fill_null(answered["released"].take(at), False).to_numpy().astype(bool)
    say("every rule over what was released")
    checked = check_file(world.june, terms)
    none, rest = np.zeros(len(released), np.int64), (~released).astype(np.int64)
    totals = pa.table({"ordinal": checked.totals["ordinal"], "fail_deficient": none, "fail_uniform": rest, "refer": none})
    again = pipeline.Checked(checked.names, checked.addresses, checked.facts, checked.findings, totals)
    matched = pipeline.match(again, world.prepared, terms.rules)
    return _Done(released, np.array(answered["path"].take(at).to_pylist(), object), (checked.findings, matched.findings), terms)


def _stopped(done: _Done, reading: Reading, when: AsOf) -> Bools:
    """Rows that a reading, so far as it was in force then, stops or refers."""
    stops = np.zeros(len(done.released), np.bool_)
    for change in reading.changes:
        if reading.in_force(change, when.valid):
            stops |= _contrary(done, change, done.found(change.rule, stayed=change.order)[0])
    return stops


def _contrary(done: _Done, change: Change, verdicts: npt.NDArray[np.int8]) -> Bools:
    """Rows released contrary to a change: the check fails or refers, or was not made at all on the row's path."""
    bad: Bools = verdicts >= Verdict.REFER
    return bad | (done.path == change.not_done_on) if change.not_done_on else bad


def _step(done: _Done, reading: Reading, when: AsOf) -> dict[str, Any]:
    """One ruling: what it is, what each change says of what was released, and how much it stops by itself."""
    told = {name: getattr(reading, name) for name in ("id", "court", "case", "kind", "source", "says")}
    changes = [_change(done, reading, change, when) for change in reading.changes]
    alone = int((done.released & _stopped(done, reading, when)).sum())
    return {**told, "decided": str(reading.decided), "changes": changes, "stopped_alone": alone}


def _change(done: _Done, reading: Reading, change: Change, when: AsOf) -> dict[str, Any]:
    verdicts, reasons = done.found(change.rule, stayed=change.order)
    asked = done.released & reading.in_force(change, when.valid)
    hit = np.flatnonzero(asked & (verdicts >= Verdict.REFER))
    contrary = np.flatnonzero(asked & _contrary(done, change, verdicts))
    by_reason: dict[str, Counter[str]] = {"fail": Counter(), "refer": Counter()}
    for row in hit.tolist():
        by_reason[Verdict(int(verdicts[row])).name.lower()][str(reasons[row])] += 1
    return {
        "rule": change.rule,
        "title": done.terms.rules.rule(change.rule).title,
        "as": "order" if change.order else "interpretation",
        "source": change.source,
        "says": change.says,
        "in_force": reading.in_force(change, when.valid),
        "released_contrary": len(contrary),
        "check_not_made": len(contrary) - len(hit),
        "by_reason": {word: dict(sorted(counts.items())) for word, counts in by_reason.items() if counts},
        "examples": [row + 1 for row in contrary[:EXAMPLES].tolist()],
    }


def _any_rule(done: _Done) -> Bools:
    """Rows that any rule of the agreement stops or refers, whatever the courts said."""
    stops = np.zeros(len(done.released), np.bool_)
    for table in done.tables:
        for rule in rules_of(table):
            stops |= _spread(table, rule, len(stops))[0] >= Verdict.REFER
    return stops
