"""A home under an agreement that asks for documents, with its demonstration's register: batches are sent to it one after another."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from portcullis import accounting, evidence, journey
from portcullis.agreement import find
from portcullis.demo.cast import Cast, make_cast
from portcullis.demo.own import read_journey
from portcullis.demo.play import authorize_all, check_sample, close_reviews, send_batch
from portcullis.intake.batch import Received
from portcullis.model import DATA_COLUMNS
from portcullis.registers import load_into
from portcullis.store import reading

DAY = 86_400
Row = Mapping[str, str | None]
Outcome = tuple[str, str]


@dataclass
class Desk:
    """A home, its people, and what is sent to it. `now` is moved by tests."""

    cast: Cast
    officer: str
    folder: Path
    clock: list[int]
    numbered: Any = field(default_factory=lambda: itertools.count(1))

    def send(self, rows: Sequence[Row], drafts: Sequence[Mapping[str, Any]] = (), **how: Any) -> Received:
        """One batch by the one officer, with the documents that he files."""
        self.cast.stock()
        table = pa.Table.from_pylist([dict(row) for row in rows], pa.schema([(name, pa.string()) for name in DATA_COLUMNS]))
        filed = {how.pop("filed_by", self.officer): list(drafts)} if drafts else {}
        folder = self.folder / f"sent-{next(self.numbered)}"
        return send_batch(self.cast, folder, table, {self.officer: range(1, len(rows) + 1)}, documents=filed, **how)

    def decided(self, rows: Sequence[Row], drafts: Sequence[Mapping[str, Any]] = (), **how: Any) -> list[Outcome]:
        """What becomes of each request of such a batch while reviewers accept nothing: decision and reasons."""
        got = self.send(rows, drafts, **how)
        assert got.reason is None, got
        return self.run(got.batch_id)

    def run(self, batch_id: str) -> list[Outcome]:
        """From received to reviewed."""
        journey.run(self.cast.home, batch_id)
        if close_reviews(self.cast, batch_id):
            journey.run(self.cast.home, batch_id)
        with reading(self.cast.home.engine) as conn:
            table = evidence.read(self.cast.home, conn, batch_id, "decisions", columns=["decision", "reasons"])
        return list(zip(table["decision"].to_pylist(), table["reasons"].to_pylist(), strict=True))

    def authorized(self, batch_id: str, truth: Mapping[int, tuple[str | None, bool]]) -> None:
        """From reviewed to authorized."""
        assert check_sample(self.cast, batch_id, truth)
        journey.run(self.cast.home, batch_id)
        authorize_all(self.cast, batch_id)

    def entries(self, batch_id: str) -> list[Mapping[str, Any]]:
        """The accounting of a batch."""
        with reading(self.cast.home.engine) as conn:
            return [entry.value for entry in accounting.entries(self.cast.home, conn, batch_id).values()]


def desk(name: str, folder: Path, officers: Sequence[str] = ()) -> Desk:
    """A home under a shipped agreement, on the day of its demonstration."""
    plan = read_journey(find(name))
    clock = [plan.day * DAY + 10 * 3600]
    people = [*plan.officers, *officers]
    cast = make_cast(folder / "home", now=lambda: clock[0], officers=people, folder=find(name))
    load_into(cast.home, plan.register)
    return Desk(cast, plan.officers[0], folder, clock)


def form(text: str) -> str:
    """The hash of a signed form."""
    return hashlib.sha256(text.encode()).hexdigest()
