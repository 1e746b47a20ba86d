"""What people do with a batch, played with their own keys: send, review, check the sample, authorize, dispatch, acknowledge.

The demonstration's reviewer closes every referral with `refuse`: a script is nobody's judgement, so nothing is released on it. Its
sample checker compares each drawn request by hand, that is, with the synthetic truth, never with the program's own findings.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from sqlalchemy import Connection

from portcullis import evidence, journey
from portcullis.batches import get
from portcullis.crypto import key_id_of
from portcullis.datafile import Engagement, ranges_of
from portcullis.demo.cast import Cast
from portcullis.intake.batch import Received, receive
from portcullis.journal import stamp
from portcullis.model import Role
from portcullis.publish import publish
from portcullis.recipient import Asking, acknowledge, attest, pack, sign_engagement
from portcullis.recipient import receive as arrive
from portcullis.release import Withheld, commit_release, deliver, dispatch, record_receipt
from portcullis.release.answers import ANSWERED
from portcullis.review import (
    Closed,
    authorize,
    authorize_content,
    drawn_ordinals,
    open_ordinals,
    record_review,
    record_sample,
    review_content,
    sample_content,
)
from portcullis.review.queue import new_salt
from portcullis.steps.sample import draw
from portcullis.store import reading, schema

__all__ = ["authorize_all", "check_sample", "close_reviews", "dispatch_and_acknowledge", "send_batch", "to_sampled"]


def send_batch(
    cast: Cast, folder: Path, requests: pa.Table, plan: Mapping[str, Iterable[int]], *, form: str = "csv", **how: Any
) -> Received:
    """The recipient packs `requests`, its officers engage, and the gateway receives.

    `how`: another `gate` than the agreement's first, and `documents` by officer (`id`, `kind`, `stated`) that they file.
    """
    data = folder.with_name(folder.name + f".{form}")
    if form == "csv":
        pacsv.write_csv(requests, data)
    else:
        pq.write_table(requests, data)
    home = cast.home
    terms = cast.agreement
    of = (terms.id, terms.version)
    gate, signer = how.get("gate", terms.gate), cast.signer
    asking = Asking(*of, gate, terms.data_class, cast.recipient, signer, secrets.token_hex(16), stamp(home.now()))
    envelope = pack(data, folder, cast.keys[signer], asking)
    data.unlink()
    with (folder / "engagements.jsonl").open("wb") as file:
        for officer, ordinals in plan.items():
            ranges = ranges_of(ordinals)
            statement = Engagement(*of, envelope.nonce, envelope.root, officer, ranges)
            file.write(sign_engagement(cast.keys[officer], statement))
    for officer, drafts in how.get("documents", {}).items():
        attest(folder, cast.keys[officer], officer, drafts)
    got = receive(home, folder)
    publish(home)
    return got


def close_reviews(cast: Cast, batch_id: str, verdicts: Mapping[int, str] | None = None) -> int:
    """Close every referral, `refuse` unless `verdicts` says accept; two reviewers take turns, both where two must. Returns how many."""
    home = cast.home
    with reading(home.engine) as conn:
        waiting, row = open_ordinals(conn, batch_id), get(conn, batch_id)
    for number, ordinal in enumerate(waiting):
        accepted = (verdicts or {}).get(ordinal) == "accept"
        closed = Closed(ordinal, "accept" if accepted else "refuse", "same-person" if accepted else "cannot-tell")
        for turn in (number, number + 1):
            reviewer, salt = cast.person(Role.REVIEWER, turn % 2 + 1), new_salt()
            content = review_content(row["log_id"], ordinal, closed.verdict, closed.code, salt)
            if record_review(home, batch_id, closed, salt, cast.act(reviewer, "review.record", content, cast.agreement.id)):
                break
    return len(waiting)


def check_sample(cast: Cast, batch_id: str, lawful: Mapping[int, tuple[str | None, bool]]) -> bool:
    """Draw, and check every drawn decision against the truth: ordinal → (the person meant, whether an answer would be lawful)."""
    home = cast.home
    with reading(home.engine) as conn:
        k = _stock_number(conn, batch_id)
    draw(home, batch_id, cast.numbers[k - 1])
    with reading(home.engine) as conn:
        row, drawn = get(conn, batch_id), drawn_ordinals(conn, batch_id)
        decisions = evidence.read(home, conn, batch_id, "decisions", columns=["ordinal", "decision", "person_id"])
    decided = {one["ordinal"]: one for one in decisions.filter(pc.is_in(decisions["ordinal"], pa.array(drawn, pa.int64()))).to_pylist()}
    verdicts = {ordinal: "ok" if _right(decided[ordinal], lawful.get(ordinal, (None, False))) else "defect" for ordinal in drawn}
    defects = sum(verdict == "defect" for verdict in verdicts.values())
    overseer = cast.person(Role.OVERSEER)
    content = sample_content(row["log_id"], row["decisions_root"], len(drawn), defects)
    passed = record_sample(home, batch_id, verdicts, cast.act(overseer, "sample.record", content, cast.agreement.id))
    publish(home)
    return passed


def _stock_number(conn: Connection, batch_id: str) -> int:
    """Which number in stock the batch uses."""
    return int(get(conn, batch_id)["sample_k"])


def _right(decided: Mapping[str, object], truth: tuple[str | None, bool]) -> bool:
    """Whether a decision has no unlawful disclosure in it: an answer must be about the person meant, and lawful; a no, about nobody."""
    if decided["decision"] not in ANSWERED:
        return True
    person, lawful = truth
    return lawful and decided["person_id"] == person


def authorize_all(cast: Cast, batch_id: str) -> None:
    """Two authorizers sign the release root, each for 72 hours."""
    for number in (1, 2):
        with reading(cast.home.engine) as conn:
            root = authorize_content(conn, batch_id)
        person = cast.person(Role.AUTHORIZER, number)
        authorize(cast.home, batch_id, cast.act(person, "release.authorize", root, cast.agreement.id, 72))
    publish(cast.home)


def to_sampled(cast: Cast, batch_id: str, lawful: Mapping[int, tuple[str | None, bool]]) -> bool:
    """From received to sampled with reviews refused; False when the sample failed."""
    journey.run(cast.home, batch_id)
    if close_reviews(cast, batch_id):
        journey.run(cast.home, batch_id)
    passed = check_sample(cast, batch_id, lawful)
    journey.run(cast.home, batch_id)
    return passed


def dispatch_and_acknowledge(cast: Cast, batch_id: str) -> int | Withheld:
    """Commit, publish, dispatch, deliver; the recipient verifies what arrived and signs the receipt."""
    home = cast.home
    commit_release(home, batch_id)
    publish(home)
    sent = dispatch(home, batch_id)
    publish(home)
    if isinstance(sent, Withheld):
        return sent
    folder = deliver(home, batch_id)
    log = key_id_of(home.log_key.public)
    arrived = arrive(folder, lambda key_id: home.log_key.public if key_id == log else None)
    e = schema.engagement
    with reading(home.engine) as conn:
        officer = conn.execute(e.select().where(e.c.batch_id == batch_id).order_by(e.c.officer)).mappings().first()
    person = officer["officer"] if officer else cast.signer
    signed = acknowledge(
        arrived,
        cast.keys[person],
        officer=person,
        origin=home.settings.origin,
        agreement=cast.agreement.id,
        nonce=secrets.token_hex(16),
        expires=home.now() + 3600,
    )
    record_receipt(home, batch_id, signed)
    publish(home)
    return sent
