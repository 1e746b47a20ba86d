"""The desks of the 2025-26 story: two agencies, their people and files, one clock, and typed commands.

`Year.type(...)` runs a command as it is typed, through the same `main` as the installed program; `Year.to(...)` moves the one clock that
every command reads. The source agency has a home; the recipient has key files, folders and its own record, and no home. All people and
addresses are synthetic, at three ten-thousandths of the size reported; nothing is done but typing, and carrying files between the desks.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml

from cli_desk import Done, cheap_keys, invoke
from portcullis import synthetic
from portcullis.agreement import find
from recipient_agency import write_rows

__all__ = ["OFFICERS", "SCALE", "VERIFIER", "Year", "june"]

SCALE = 0.0003
VERIFIER = Path(__file__).parents[1] / "verifier" / "verify.py"
OFFICERS = ("ICE-0002", *(f"ICE-{number}" for number in range(1001, 1006)))
PEOPLE = {
    "IRS-REVIEWER": "reviewer",
    "IRS-AUTHORIZER-1": "authorizer",
    "IRS-AUTHORIZER-2": "authorizer",
    "IRS-COUNSEL": "counsel",
    "IRS-SAFEGUARDS": "safeguards",
    "IRS-OVERSEER": "overseer",
    "ICE-0001": "signer",
    **dict.fromkeys(OFFICERS, "officer"),
}
_TRUE_GMTIME = time.gmtime


@cache
def june() -> tuple[synthetic.Register, synthetic.SyntheticBatch, synthetic.SyntheticBatch]:
    """A register, the June file as it came, and the same people asked for as the statute demands."""
    made = synthetic.register(SCALE, 2025)
    came = synthetic.june_2025(made, SCALE, 2025)
    return made, came, synthetic.perfected(came, made, 2025)


@dataclass
class Year:
    """Where both agencies keep their files, what time it is, and what the story has learnt so far."""

    folder: Path
    now: int = 0
    batches: dict[str, str] = field(default_factory=dict)
    matters: dict[str, str] = field(default_factory=dict)
    affected: list[int] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    _patched: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Year:
        (self.folder / "secret").write_bytes(b"both agencies type on one machine here")
        (self.folder / "secret").chmod(0o600)
        self._patched.enter_context(cheap_keys())
        self._patched.enter_context(patch("time.time", lambda: float(self.now)))
        self._patched.enter_context(patch("time.gmtime", lambda at=None: _TRUE_GMTIME(self.now if at is None else at)))
        return self

    def __exit__(self, *_: object) -> None:
        self._patched.close()

    # ---- the clock, typing, files

    def to(self, day: str, clock: str = "09:00") -> str:
        """It is now that day, at that time in UTC; returns the time as commands take it."""
        then = int(datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=UTC).timestamp())
        assert then >= self.now, "the story does not go back in time"
        self.now = then
        return self.stamp(then)

    @staticmethod
    def stamp(at: int) -> str:
        """As commands take a time."""
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def today(self) -> int:
        """The epoch day."""
        return self.now // 86_400

    @property
    def home(self) -> Path:
        """The source agency's home."""
        return self.folder / "home"

    def type(self, *words: object, code: int | tuple[int, ...] = 0, stdin: bytes = b"") -> Done:
        """One typed command; `code` is how it must end, or may."""
        env = {"PORTCULLIS_HOME": str(self.home), "PORTCULLIS_KEY_SECRET_FILE": str(self.folder / "secret")}
        done = invoke(*[str(word) for word in words], env=env, stdin=stdin)
        return done.ok(done.code if isinstance(code, tuple) and done.code in code else code if isinstance(code, int) else code[0])

    def key(self, who: str) -> Path:
        """Somebody's key file."""
        return self.folder / f"{who}.json"

    def acting(self, who: str) -> tuple[object, ...]:
        """`--as` and `--key` of that person."""
        return ("--as", who, "--key", self.key(who))

    def file(self, name: str, lines: Sequence[str]) -> Path:
        """A small text file."""
        path = self.folder / name
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return path

    # ---- what several chapters do

    def found(self) -> None:
        """The gateway's home, both agencies' roots, everybody's keys, the officers, the standing, the vault."""
        self.type("init", "--source", "IRS", "--origin", "gateway.invalid/irs")
        for agency, side in (("IRS", "source"), ("ICE", "recipient")):
            root = self.type("key", "new", self.key(f"root-{agency}"), "--json").json["public"]
            self.type("key", "add", "--root", "--agency", agency, "--side", side, "--public", root)
        for who, role in PEOPLE.items():
            public = self.type("key", "new", self.key(who), "--json").json["public"]
            named = ("--agency", who[:3], "--person", who, "--role", role, "--public", public)
            self.type("key", "add", *named, "--key", self.key(f"root-{who[:3]}"))
        good = ("--employee", "--active", "--cleared", "--mfa", "--trained-on", self.today - 5, "--key", self.key("root-ICE"))
        self.type("officer", "add", "--agency", "ICE", "--person", "ICE-0001", "--office", "head", "--office-from", self.today - 90, *good)
        for officer in OFFICERS:
            self.type("officer", "add", "--agency", "ICE", "--person", officer, *good)
        for stated in (f"report_accepted_on={self.today - 5}", "findings_without_plan=0", "suspended=0"):
            self.type("safeguard", "standing", "ICE", "--set", stated, *self.acting("IRS-SAFEGUARDS"))
        jwk = self.type("key", "new", self.key("vault"), "--vault", "--json").json["public"]
        self.key("vault-public").write_text(json.dumps(jwk))
        enrolled = ("--jwk", self.key("vault-public"), "--key", self.key("root-ICE"))
        self.type("safeguard", "vault", "ICE-V1", "--agency", "ICE", "--storage", "agency-hsm", *enrolled)
        self.file("vkey", [json.loads(self.type("ledger", "trust").out)["log_vkey"]])

    def load_register(self) -> int:
        """The register, and the overseer's numbers for five samples; returns how many persons."""
        synthetic.write_register(june()[0], self.folder / "register")
        for number in range(1, 6):
            file = self.folder / f"number-{number}"
            self.type("review", "sample", "commit", "--number-file", file, *self.acting("IRS-OVERSEER"))
        return int(self.type("register", "load", self.folder / "register", "--json").json["persons"])

    def ask(self, name: str, rows: Sequence[Mapping[str, str | None]], plan: Mapping[str, range], *how: object) -> Path:
        """The recipient's desk: the head of the agency signs a file, and each officer engages; returns the folder that is carried over."""
        data, folder = write_rows(self.folder / f"{name}.csv", rows), self.folder / name
        signer = ("--agency", "ICE", "--signer", "ICE-0001", "--key", self.key("ICE-0001"))
        self.type("recipient", "pack", data, "--out", folder, *signer, *how)
        for officer, ordinals in plan.items():
            engaged = f"{ordinals.start}-{ordinals.stop - 1}"
            self.type("recipient", "engage", folder, "--officer", officer, "--rows", engaged, "--key", self.key(officer))
        return folder

    def receive(self, name: str, folder: Path, code: int = 0) -> Any:
        """The source agency receives it; its number is kept under `name`."""
        got = self.type("batch", "receive", folder, "--json", code=code).json
        self.batches[name] = got["batch"]
        return got

    def decide(self, batch: str) -> Any:
        """The batch runs; a reviewer refuses whatever was referred; returns its status when all is decided."""
        found = self.type("batch", "run", batch, "--json", code=(0, 3)).json
        if found["state"] == "matched":
            while (ordinal := self.type("review", "next", batch, "--json").json["next"]) is not None:
                self.type("review", "record", batch, ordinal, "refuse", "cannot-tell", *self.acting("IRS-REVIEWER"))
            found = self.type("batch", "run", batch, "--json", code=(0, 3)).json
        assert found["state"] == "reviewed", found
        return found

    def sample(self, batch: str, number: int, lawful: Mapping[int, tuple[str | None, bool]]) -> list[int]:
        """The overseer's number is revealed, and what it draws is checked by hand against the hidden truth; returns the answered."""
        drawn = self.type("review", "sample", "draw", batch, "--number-file", self.folder / f"number-{number}", "--json").json["drawn"]
        answered = self.answered(batch)
        verdicts = {str(o): "ok" if o not in answered or lawful[o][1] else "defect" for o in drawn}
        self.file(f"verdicts-{number}.json", [json.dumps(verdicts)])
        self.type("review", "sample", "record", batch, self.folder / f"verdicts-{number}.json", *self.acting("IRS-OVERSEER"))
        self.type("batch", "run", batch, code=(0, 3))
        return answered

    def answered(self, batch: str) -> list[int]:
        """The rows of a batch that are to be answered: what an authorizer sees before signing."""
        return [
            int(o)
            for o in self.column(
                "SELECT ordinal FROM request WHERE batch_id = ? AND decision IN ('disclose', 'confirm') ORDER BY ordinal", batch
            )
        ]

    def authorize(self, batch: str) -> None:
        """Two different people sign the release root."""
        for who in ("IRS-AUTHORIZER-1", "IRS-AUTHORIZER-2"):
            self.type("review", "authorize", batch, *self.acting(who))

    def proof(self, recall: str, who: str) -> tuple[object, ...]:
        """What a custodian certifies of a recall: how, before whom, and how many records."""
        each = self.type("safeguard", "status", "--matter", recall, "--json").json["custodians"][who]
        return ("--method", "destroyed", "--witness", "ICE-0002", "--count", each["records"])

    def filing(self, kind: str, *words: object, officer: str, out: str) -> Path:
        """The recipient files something; it is entered in its own record first."""
        own = ("--agency", "ICE", "--officer", officer, "--key", self.key(officer), "--vkey", self.folder / "vkey")
        done = self.type("recipient", kind, *words, *own, "--record", self.folder / "own.log", "--out", self.folder / out)
        self.matters["content"] = done.out.split("its content is ")[1].split(".")[0]
        return self.folder / out

    def picture(self, name: str, *words: object) -> str:
        """A picture that a command draws; kept in the folder PORTCULLIS_PICTURES names, where it names one (make after-pictures)."""
        file = self.folder / f"{name}.svg"
        self.type(*words, "--picture", file)
        if kept := os.environ.get("PORTCULLIS_PICTURES"):
            shutil.copyfile(file, Path(kept) / file.name)
        return file.read_text(encoding="utf-8")

    # ---- looking

    def column(self, query: str, *values: object) -> list[Any]:
        """The first column of a query over the store."""
        with closing(sqlite3.connect(f"file:{self.home / 'store.db'}?mode=ro", uri=True)) as conn:
            return [row[0] for row in conn.execute(query, values)]

    def leaves(self, kind: str) -> list[dict[str, Any]]:
        """The leaves of a type, in the order of the log."""
        return [json.loads(body) for body in self.column("SELECT body FROM leaf WHERE type = ? ORDER BY idx", kind)]

    def left(self) -> dict[str, int]:
        """Batch → how many sealed answers have left: what stands in its release folder, which the recipient fetches."""
        folders = sorted((self.home / "outbox").glob("B-*/release/answers.jsonl"))
        return {path.parts[-3]: len(path.read_bytes().splitlines()) for path in folders}

    def release(self, batch: str) -> Path:
        """The folder the recipient fetches."""
        return self.home / "outbox" / batch / "release"

    def opens(self, batch: str, officer: str) -> list[Any]:
        """What an officer of the recipient can open of a release, at its own desk, past its no-use list."""
        words = ("--vault-key", self.key("vault"), "--vkey", self.folder / "vkey", "--access-log", self.folder / "opened.log")
        known = ("--recalled", self.folder / "no-use.txt") if (self.folder / "no-use.txt").exists() else ()
        done = self.type("recipient", "open", self.release(batch), "--officer", officer, *words, *known)
        return [json.loads(line) for line in done.out.splitlines()]

    def personal(self) -> list[str]:
        """Values of the people asked about that may stand in no report."""
        rows = june()[2].requests.to_pylist()
        names = ("taxpayer_number", "family_name", "address_line", "date_of_birth")
        return sorted({row[name] for row in rows for name in names if row[name] and len(row[name]) > 5})

    def clauses(self) -> list[dict[str, str]]:
        """The clauses of the agreement, as they were signed."""
        stated = yaml.safe_load((find("irs-ice-2025") / "agreement.yaml").read_text(encoding="utf-8"))
        return list(stated["clauses"])

    def size(self) -> int:
        """How many leaves the ledger has."""
        return len(self.column("SELECT idx FROM leaf"))

    def verify(self, name: str) -> tuple[Any, subprocess.CompletedProcess[str]]:
        """The evidence so far, before both verifiers: the product's own, and the one that shares no code with it."""
        bundle, trust = self.folder / name, self.folder / f"{name}.trust.json"
        self.type("ledger", "export", bundle, "--trust", trust)
        own = self.type("ledger", "verify", bundle, "--trust", trust, "--json").json
        return own, self.judge(bundle)

    def judge(self, bundle: Path) -> subprocess.CompletedProcess[str]:
        """What the standalone verifier says of a bundle, under the trust file of the first."""
        words = [sys.executable, str(VERIFIER), str(bundle), "--trust", str(self.folder / "bundle.trust.json")]
        return subprocess.run(words, capture_output=True, text=True, check=False)
