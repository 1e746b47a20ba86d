"""The demonstration an agreement brings with it: `demo/` in its folder, played through the real gateway.

   demo/register/       manifest.json (synthetic: true), persons.csv, addresses.csv
   demo/journey.yaml    the day it is played on, the officers, and for each batch its gate, its files, and what must become of each request
   demo/*.csv, *.jsonl  the requests, and the documents they cite (`id`, `kind`, `stated`)

1. A home with both parties, their people, the agreement signed by both, proved and adopted, and the register.
2. For each batch: pack, engage, file the documents, receive, check, match. Reviews are refused: a script is nobody's judgement.
3. The sample is checked by hand against what journey.yaml says, never against the program's own findings.
4. Two people authorize; commit, dispatch; each officer opens what came, in the recipient's vault; the receipt.
5. The evidence as a bundle, with a trust file beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from portcullis import evidence, journey
from portcullis.crypto import key_id_of
from portcullis.datafile import read
from portcullis.demo.cast import Cast, make_cast, save_people
from portcullis.demo.play import authorize_all, check_sample, close_reviews, dispatch_and_acknowledge, send_batch
from portcullis.errors import OutOfOrder, Refused
from portcullis.export import export_bundle
from portcullis.journal import stamp
from portcullis.model import Decision
from portcullis.recipient import open_answers, read_drafts
from portcullis.recipient import receive as arrive
from portcullis.registers import load_into
from portcullis.release import Withheld
from portcullis.rules.document import Node
from portcullis.rules.document import read as read_yaml
from portcullis.store import reading

__all__ = ["Journey", "compare", "play_journey", "read_journey"]

_DAY = 86_400
_MORNING = 10 * 3600
_EPOCH_ORDINAL = 719_163


@dataclass(frozen=True, slots=True)
class Sent:
    """One batch: its files, its gate, who is engaged, and for each request the person meant (or none) and the decision that is due."""

    requests: Path
    documents: Path | None
    gate: str | None
    due: Mapping[int, tuple[str | None, str]]


@dataclass(frozen=True, slots=True)
class Journey:
    """The day (epoch day) it is played on, the officers, the register's folder and the batches."""

    day: int
    officers: tuple[str, ...]
    register: Path
    batches: tuple[Sent, ...]


def read_journey(folder: Path) -> Journey:
    """The demonstration in an agreement's folder. Raises Refused when it brings none, or names a file that is not there."""
    if not (folder / "demo" / "journey.yaml").is_file():
        raise Refused("This agreement brings no demonstration.", "It has no demo/journey.yaml.", "See docs/12-a-new-agreement.md.")
    top = read_yaml(folder / "demo" / "journey.yaml", "demo/journey.yaml").mapping(("as_of", "officers", "batches"))
    day = top["as_of"].date().toordinal() - _EPOCH_ORDINAL
    officers = tuple(item.text() for item in top["officers"].items())
    return Journey(day, officers, folder / "demo" / "register", tuple(_sent(folder / "demo", item) for item in top["batches"].items()))


def _sent(folder: Path, node: Node) -> Sent:
    keys = node.mapping(("requests", "due"), ("documents", "gate"))
    due: dict[int, tuple[str | None, str]] = {}
    for ordinal, item in enumerate(keys["due"].items(), 1):
        one = item.mapping(("request", "decision"), ("person",))
        person = one["person"].text() if "person" in one else None
        due[ordinal] = (person, one["decision"].text(tuple(word.value for word in Decision if word != Decision.REFER)))
    documents = _file(folder, keys["documents"]) if "documents" in keys else None
    return Sent(_file(folder, keys["requests"]), documents, keys["gate"].text() if "gate" in keys else None, due)


def _file(folder: Path, node: Node) -> Path:
    path = folder / node.text()
    if path.parent != folder or not path.is_file():
        node.refuse("there is no such file beside journey.yaml")
    return path


def play_journey(agreement: Path, home: Path, bundle: Path | None, *, store: str = "", say: Callable[[str], None] = lambda _: None) -> Any:
    """Play an agreement's own demonstration in the absent folder `home`; returns what became of each batch, as plain values.

    Raises OutOfOrder when anything becomes of a request but what is due.
    """
    plan = read_journey(agreement)
    say("a home, two parties, their people; the agreement is proved and adopted")
    now = plan.day * _DAY + _MORNING
    cast = make_cast(home, now=lambda: now, store=store, officers=plan.officers, folder=agreement)
    save_people(cast)
    load_into(cast.home, plan.register)
    played = []
    for number, sent in enumerate(plan.batches, 1):
        say(f"batch {number} of {len(plan.batches)}, the whole way")
        if number > 2:
            cast.stock()
        played.append(_play(cast, number, sent, plan.officers))
    if bundle is not None:
        say("the evidence")
        export_bundle(cast.home, bundle, trust=bundle.with_name(bundle.name + ".trust.json"))
    return {"agreement": cast.agreement.id, "day": stamp(now)[:10], "batches": played}


def _play(cast: Cast, number: int, sent: Sent, officers: tuple[str, ...]) -> dict[str, Any]:
    rows = pa.Table.from_batches(list(read(sent.requests))).drop_columns(["ordinal"])
    shares = {officer: range(place, rows.num_rows + 1, len(officers)) for place, officer in enumerate(officers, 1)}
    filed = {officers[0]: read_drafts(sent.documents)} if sent.documents else {}
    gate = sent.gate or cast.agreement.gate
    got = send_batch(cast, cast.home.tmp / f"sent-{number}", rows, {o: s for o, s in shares.items() if s}, gate=gate, documents=filed)
    if got.reason is not None:
        raise OutOfOrder("The demonstration's batch was refused.", f"{got.rule}: {got.message}", "Correct demo/.")
    journey.run(cast.home, got.batch_id)
    if close_reviews(cast, got.batch_id):
        journey.run(cast.home, got.batch_id)
    compare(cast, got.batch_id, sent.due)
    truth = {ordinal: (person, word in ("disclose", "confirm", "deny")) for ordinal, (person, word) in sent.due.items()}
    if not check_sample(cast, got.batch_id, truth):
        raise OutOfOrder("The sample of the demonstration's batch found a defect.", "The batch is blocked.", "Compare demo/journey.yaml.")
    journey.run(cast.home, got.batch_id)
    authorize_all(cast, got.batch_id)
    answers = dispatch_and_acknowledge(cast, got.batch_id)
    if isinstance(answers, Withheld):
        raise OutOfOrder("The demonstration's batch was withheld.", "; ".join(answers.reasons), "Report it.")
    return {**journey.status(cast.home, got.batch_id), "answers": answers, "opened": _opened(cast, got.batch_id, officers)}


def compare(cast: Cast, batch_id: str, due: Mapping[int, tuple[str | None, str]]) -> None:
    """That every request got the decision that is due, before anybody signs for it. Raises OutOfOrder where one did not."""
    with reading(cast.home.engine) as conn:
        decided = evidence.read(cast.home, conn, batch_id, "decisions", columns=["ordinal", "decision", "reasons"]).to_pylist()
    found = {one["ordinal"]: one for one in decided}
    if due.keys() != found.keys():
        raise OutOfOrder("demo/journey.yaml does not say what is due to each request.", f"{len(found)} were sent.", "List every request.")
    for ordinal, (_, word) in due.items():
        if found[ordinal]["decision"] != word:
            why = f"{word} was due, {found[ordinal]['decision']} was decided ({found[ordinal]['reasons'] or 'no reason'})."
            raise OutOfOrder(f"Request {ordinal} of the demonstration got another decision than is due.", why, "Compare demo/journey.yaml.")


def _opened(cast: Cast, batch_id: str, officers: tuple[str, ...]) -> list[dict[str, Any]]:
    """What each officer opens in the recipient's vault: which request, what was decided, which elements; no value."""
    log = key_id_of(cast.home.log_key.public)
    arrived = arrive(cast.home.path / "outbox" / batch_id / "release", lambda key_id: cast.home.log_key.public if key_id == log else None)
    access, time = cast.home.tmp / "access.jsonl", stamp(cast.home.now())
    seen = [
        (answer.ordinal, officer, answer.decision, sorted([*(answer.address or {}), *answer.identity]))
        for officer in officers
        for answer in open_answers(arrived, cast.vault, officer=officer, agreement=cast.agreement.id, access_log=access, time=time)
    ]
    return [{"ordinal": o, "officer": who, "decision": word, "elements": elements} for o, who, word, elements in sorted(seen)]
