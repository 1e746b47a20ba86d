"""One batch through the rules, the register and `decide`, in memory and without any store.

This is the one code path from rows to decisions: the journey, the replay and `match evaluate` all call it, so what is measured is
what runs. Stage by stage (journey.md): any failure at *check* ends a request before the register is read; only the rest is matched.

    checked = check(raw, officers, received_on, rules, switches)
    matched = match(checked, register, rules, switches)
    outcome = decide_all(checked, matched, {}, "address")      # pa.Table, one row per request, in file order
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from portcullis.agreement.terms import DEFAULT_AGREE
from portcullis.crypto import canonical
from portcullis.decision import RequestFacts, decide
from portcullis.intake.addresses import standardise_addresses
from portcullis.intake.document_facts import Filing, document_facts
from portcullis.intake.facts import type_facts
from portcullis.intake.names import standardise_names
from portcullis.intake.subjects import Blind, asked, subject_addresses
from portcullis.matching.match import MEMORY
from portcullis.matching.paths import match_on
from portcullis.matching.register import Register
from portcullis.matching.requests import prepare_requests
from portcullis.model import Verdict
from portcullis.rules import RuleSet, evaluate, rules_of, summarise

__all__ = ["Checked", "Matched", "asked_of", "beside", "check", "decide_all", "match", "passed"]

Switches = Mapping[str, bool]


@dataclass(frozen=True, slots=True)
class Checked:
    """Stage check: the standardised names and addresses, the typed facts, the findings (`ordinal`, `Rxx`, `Rxx_reason`), and their totals
    (`ordinal`, `fail_deficient`, `fail_uniform`, `refer`). All in file order."""

    names: pa.Table
    addresses: pa.Table
    facts: pa.Table
    findings: pa.Table
    totals: pa.Table


@dataclass(frozen=True, slots=True)
class Matched:
    """Stage match, only for requests that no rule refused at check: match facts, findings, totals."""

    facts: pa.Table
    findings: pa.Table
    totals: pa.Table


def check(
    raw: pa.Table, officers: pa.Table, received_on: int, rules: RuleSet, switches: Switches | None = None, filed: Filing | None = None
) -> Checked:
    """Type the rows and evaluate every rule of stage check over them.

    `raw` has `ordinal` and the columns of a data file; `officers` the officer facts by ordinal; `received_on` is an epoch day. `filed` are
    the documents that came with the batch, where the agreement asks for them.
    """
    addresses = standardise_addresses(raw)
    names = standardise_names(raw)
    facts = type_facts(raw, addresses, names, officers=officers, received_on=received_on)
    if filed is not None:
        facts = beside(facts, document_facts(raw, names, facts, filed, rules.fields))
    findings = evaluate(rules, "check", facts, switches=switches)
    return Checked(names, addresses, facts, findings, summarise(findings, rules, "check"))


def passed(checked: Checked) -> pa.Array:
    """Row positions (0-based) of the requests whose register records may be read: no finding failed."""
    totals = checked.totals
    failed = pc.add(totals["fail_deficient"], totals["fail_uniform"])
    return pa.array(np.flatnonzero(failed.to_numpy() == 0))


def asked_of(checked: Checked, blind: Blind | None = None) -> pa.Table:
    """What the requests that passed ask about whom (R39), as fingerprints; see `intake.subjects`."""
    rows = passed(checked)
    return asked(checked.names.take(rows), checked.facts.take(rows), blind)


def match(
    checked: Checked,
    register: Register,
    rules: RuleSet,
    switches: Switches | None = None,
    own: pa.Table | None = None,
    earlier: Sequence[pa.Table] = (),
    agree: Collection[str] = DEFAULT_AGREE,
    closed: Collection[str] = (),
    memory: int = MEMORY,
) -> Matched:
    """Match the requests that passed, on what the agreement says must `agree` and never on evidence it has `closed`, and evaluate every
    rule of stage match.

    `memory` bounds what matching holds at a time, in bytes, and changes no decision.
    `own` and `earlier` are what this batch and others asked about whom, as `asked_of` gives it; by default this batch alone is counted.
    """
    rows = passed(checked)
    wanted = pa.table({"ordinal": checked.facts["ordinal"], "taxable_periods": checked.facts["periods"]}).take(rows)
    prepared = prepare_requests(wanted, checked.names.take(rows), checked.addresses.take(rows))
    facts = match_on(agree, prepared, register, closed, memory=memory)
    counted = subject_addresses(wanted["ordinal"], asked_of(checked) if own is None else own, earlier)
    facts = facts.append_column("subject_addresses", counted)
    joined = beside(checked.facts.take(rows), facts)
    findings = evaluate(rules, "match", joined, switches=switches)
    return Matched(facts, findings, summarise(findings, rules, "match"))


def beside(left: pa.Table, right: pa.Table) -> pa.Table:
    """The columns of both, which are in the same order; the right one wins."""
    for name in right.column_names:
        column = right.column(name)
        left = (
            left.set_column(left.column_names.index(name), name, column) if name in left.column_names else left.append_column(name, column)
        )
    return left


def decide_all(checked: Checked, matched: Matched, resolutions: Mapping[int, str], answer: str, *, confirm: bool = True) -> pa.Table:
    """`decide` for every request, with people's resolutions (ordinal → accept | refuse) of what was referred.

    `confirm` is the position of R37's switch. `answer` is the agreement's kind of answer.

    Returns, in file order: `ordinal` int64 · `decision` text (or `refer`) · `facts` text (what `decide` was given, as JSON) ·
    `reason` text or null (the first rule that failed, else the first that referred) · `reasons` text (all of them, joined by `;`) ·
    `check`, `match` text (one digit per rule of the stage, in id order; empty when the stage did not run) · `person_id` text or null ·
    `answer_row` int64 or null.
    """
    count = checked.totals.num_rows
    ordinals = checked.totals["ordinal"].to_numpy()
    place = np.searchsorted(ordinals, matched.facts["ordinal"].to_numpy())
    deficient = checked.totals["fail_deficient"].to_numpy().astype(np.int64)
    refused = checked.totals["fail_uniform"].to_numpy().astype(np.int64)
    opened = checked.totals["refer"].to_numpy().astype(np.int64)
    refused[place] += matched.totals["fail_deficient"].to_numpy() + matched.totals["fail_uniform"].to_numpy()
    opened[place] += matched.totals["refer"].to_numpy()
    for ordinal, verdict in resolutions.items():
        row = int(np.searchsorted(ordinals, ordinal))
        refused[row] += int(opened[row] > 0 and verdict == "refuse")
        opened[row] = 0
    persons, same = np.zeros(count, np.int64), np.full(count, -1, np.int64)
    persons[place] = _int(matched.facts["candidates"], -1)
    same[place] = _int(matched.facts["same_as_last_known"], -1)
    open_ended = matched.facts["answer_row"].is_null().to_numpy()
    same[place[open_ended]] = -1  # the register does not say which address is the last known: unknown, and nothing is answered
    if not confirm:  # the switch of R37 is off: an equal address is disclosed like any other
        same[same == 1] = 0
    decisions, known = _decide_columns(deficient, refused, opened, persons, same, answer)
    first, every = _reasons(count, place, checked.findings, matched.findings)
    return pa.table(
        {
            "ordinal": checked.totals["ordinal"],
            "decision": decisions,
            "facts": known,
            "reason": first,
            "reasons": every,
            "check": _digits(checked.findings, None, count),
            "match": _digits(matched.findings, place, count),
            "person_id": _spread(matched.facts["person_id"], place, count, pa.string()),
            "answer_row": _spread(matched.facts["answer_row"], place, count, pa.int64()),
        }
    )


def _int(column: pa.ChunkedArray, missing: int) -> np.ndarray:
    return np.asarray(pc.fill_null(column.cast(pa.int64()), missing).to_numpy(), dtype=np.int64)


def _decide_columns(
    deficient: np.ndarray, refused: np.ndarray, opened: np.ndarray, persons: np.ndarray, same: np.ndarray, answer: str
) -> tuple[pa.Array, pa.Array]:
    """`decide` once per different combination of facts, then spread over the rows: the table is read, not rewritten in SQL.

    Beside the decisions, the facts as canonical JSON: counts up to 1, persons up to 2.
    """
    facts = np.stack([np.minimum(deficient, 1), np.minimum(refused, 1), np.minimum(opened, 1), np.minimum(persons, 2), same], axis=1)
    kinds, inverse = np.unique(facts, axis=0, return_inverse=True)
    known = [RequestFacts(int(d), int(r), int(o), None if p < 0 else int(p), None if s < 0 else int(s), answer) for d, r, o, p, s in kinds]
    places = pa.array(inverse.reshape(-1).astype(np.int32))
    return _spelled(places, [decide(facts).value for facts in known]), _spelled(
        places, [canonical(asdict(facts)).decode() for facts in known]
    )


def _spelled(places: pa.Array, words: list[str]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(places, pa.array(words, pa.string())).cast(pa.string())


def _digits(findings: pa.Table, place: np.ndarray | None, count: int) -> pa.Array:
    """One digit per rule and row, as fixed text; empty where the stage did not run."""
    rules = rules_of(findings)
    matrix = np.zeros((findings.num_rows, max(len(rules), 1)), dtype=np.uint8)
    for column, rule in enumerate(rules):
        matrix[:, column] = findings[rule].to_numpy().astype(np.uint8) + ord("0")
    texts = matrix.view(f"S{matrix.shape[1]}").reshape(-1) if findings.num_rows else np.empty(0, "S1")
    if place is None:
        return pa.array(texts.astype(str), pa.string())
    spread = np.full(count, b"", dtype=texts.dtype)
    spread[place] = texts
    return pa.array(spread.astype(str), pa.string())


def _reasons(count: int, place: np.ndarray, *stages: pa.Table) -> tuple[pa.Array, pa.Array]:
    """The first failing (else referring) reason of each row, and all reasons joined, in rule order."""
    every: list[list[str]] = [[] for _ in range(count)]
    first: list[str | None] = [None] * count
    rank = np.zeros(count, np.int64)
    for findings, rows in zip(stages, (np.arange(count), place), strict=True):
        for rule in rules_of(findings):
            verdicts = findings[rule].to_numpy()
            hit = np.flatnonzero(verdicts >= Verdict.REFER)
            codes = findings[f"{rule}_reason"].take(pa.array(hit)).to_pylist()
            for row, verdict, code in zip(rows[hit].tolist(), verdicts[hit].tolist(), codes, strict=True):
                every[row].append(code)
                if verdict > rank[row]:
                    rank[row], first[row] = verdict, code
    return pa.array(first, pa.string()), pa.array([";".join(codes) for codes in every], pa.string())


def _spread(column: pa.ChunkedArray, place: np.ndarray, count: int, kind: pa.DataType) -> pa.Array:
    """A column of the matched rows over all rows, null elsewhere."""
    source = np.full(count, -1, np.int64)
    source[place] = np.arange(len(place))
    taken = column.cast(kind).take(pa.array(source, mask=source < 0))
    return taken.combine_chunks() if isinstance(taken, pa.ChunkedArray) else taken
