"""A small register written down person by person, and requests against it: the words the matching stories are told in."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from portcullis.matching.load import RegisterInfo, load_register
from portcullis.matching.match import Plan, match_in_full
from portcullis.matching.register import Register, open_register
from portcullis.matching.requests import prepare_requests

Row = dict[str, Any]
HOME = {"address_line": "418 Larkspur Lane", "unit": None, "city": "Fairview", "state": "OH", "postal_code": "44126"}
ELSEWHERE = {"address_line": "77 Quarry Road", "unit": None, "city": "Fairview", "state": "OH", "postal_code": "44126"}


def named(given: str | None, family: str | None, middle: str | None = None, **more: Any) -> Row:
    """Name columns; `more`: suffix, date_of_birth, taxpayer_number."""
    return {"given_name": given, "middle_name": middle, "family_name": family, **more}


def text_table(rows: list[Row]) -> pa.Table:
    """Rows as nullable text columns, whatever they hold."""
    columns = list(dict.fromkeys(k for row in rows for k in row))
    return pa.table({c: pa.array([None if r.get(c) is None else str(r[c]) for r in rows], pa.string()) for c in columns})


@dataclass
class World:
    """Persons and addresses to be, and the prepared register when asked for."""

    folder: Path
    persons: list[Row] = field(default_factory=list)
    addresses: list[Row] = field(default_factory=list)
    manifest: Row = field(default_factory=lambda: {"synthetic": True, "source": "a test", "date": "2026-01-01"})
    opened: tuple[str, Register] | None = None

    def add(self, person_id: str, *names: Row, homes: list[Row] | None = None, **marks: Any) -> None:
        """A person with one or several filed names, living at `homes` (HOME by default; the first is the last known)."""
        self.persons += [{"person_id": person_id, **name, **marks} for name in names]
        for i, home in enumerate(homes if homes is not None else [HOME]):
            period = {"period_from": 2020, "period_to": 2023, "last_known": i == 0, "joint": False}
            self.addresses.append({"person_id": person_id, **period, **home})

    def write(self) -> Path:
        """The register as its owner keeps it."""
        source = self.folder / "source"
        source.mkdir(exist_ok=True)
        (source / "manifest.json").write_text(json.dumps(self.manifest))
        pq.write_table(text_table(self.persons), source / "persons.parquet")
        pq.write_table(text_table(self.addresses), source / "addresses.parquet")
        return source

    def load(self) -> RegisterInfo:
        return load_register(self.write(), self.folder / "register")

    def register(self) -> Register:
        """The prepared register of what stands here now; prepared anew only when something changed."""
        content = json.dumps([self.persons, self.addresses, self.manifest])
        if self.opened is None or self.opened[0] != content:
            self.load()
            self.opened = (content, open_register(self.folder / "register"))
        return self.opened[1]

    def ask(self, name: Row, home: Row | None = None, plan: Plan | None = None, **more: Any) -> Row:
        """The facts of one request against the register as it stands now."""
        request = {"ordinal": None, **name, **(home or HOME), **more}
        request.pop("ordinal")
        return match_in_full(prepare_requests(text_table([request])), self.register(), plan).facts.to_pylist()[0]

    def answered(self, name: Row, home: Row | None = None, plan: Plan | None = None, **more: Any) -> str | None:
        """Who would be disclosed: the person when exactly one is meant and nobody else could be, else None."""
        facts = self.ask(name, home, plan, **more)
        return facts["person_id"] if facts["candidates"] == 1 and facts["rivals"] == 0 else None


ASKED = [
    {"request_id": "right", **named("Walter", "Haines", "E"), **HOME},
    {"request_id": "nobody", **named("Osbert", "Quimby", "E"), **HOME},
    {"request_id": "blank", **named("Walter", "Haines", "E"), "address_line": " ", "city": None, "state": None, "postal_code": None},
    {"request_id": "thin", **named("Walter", "Haines"), **HOME},
    {"request_id": "wrong", **named("Rosalind", "Haines", "T"), **HOME},
]
TRUTH = {"right": "subject", "nobody": None, "blank": "subject", "thin": "subject", "wrong": None}
"""What `match evaluate` is asked in the tests, and who is meant."""


def files(world: World, truth: dict[str, str | None] | None = None) -> list[str]:
    """The arguments of `match evaluate` for ASKED and TRUTH, written beside the world's register."""
    source = world.write()
    pq.write_table(text_table(ASKED), world.folder / "requests.parquet")
    rows = [{"request_id": k, "person_id": v} for k, v in (truth or TRUTH).items()]
    pa.csv.write_csv(text_table(rows), world.folder / "truth.csv")
    return ["--register", str(source), "--requests", str(world.folder / "requests.parquet"), "--truth", str(world.folder / "truth.csv")]


def asked(requests: list[Row]) -> pa.Table:
    """Prepared requests, with every column that matching reads."""
    columns = ["given_name", "middle_name", "family_name", "suffix", "date_of_birth", "taxpayer_number", *HOME]
    return prepare_requests(pa.table({c: pa.array([r.get(c) for r in requests], pa.string()) for c in columns}))
