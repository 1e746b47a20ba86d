"""The whole journey by typed commands alone: from an empty directory to sealed answers, a receipt, and evidence that verifies.

Two agencies at two desks. The source agency has a home; the recipient has key files and folders, and no home. Nothing is done here but
typing commands and carrying files from one desk to the other.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import pg_cluster
from cli_desk import Done, cheap_keys, invoke
from journey_home import ROWS, rows_of, truth_of
from portcullis import synthetic
from recipient_agency import write_rows

TODAY = int(time.time()) // 86_400
PEOPLE = {
    "IRS-REVIEWER": "reviewer",
    "IRS-AUTHORIZER-1": "authorizer",
    "IRS-AUTHORIZER-2": "authorizer",
    "IRS-COUNSEL": "counsel",
    "IRS-SAFEGUARDS": "safeguards",
    "IRS-OVERSEER": "overseer",
    "ICE-SIGNER": "signer",
    "ICE-1001": "officer",
    "ICE-1002": "officer",
}


@dataclass
class Desks:
    """Where both agencies keep their files, and what was typed."""

    folder: Path
    store: str
    public: dict[str, object] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def type(self, *words: object, code: int = 0, stdin: bytes = b"") -> Done:
        env = {"PORTCULLIS_HOME": str(self.home), "PORTCULLIS_KEY_SECRET_FILE": str(self.folder / "secret")}
        return invoke(*[str(word) for word in words], env=env, stdin=stdin).ok(code)

    def key(self, who: str) -> Path:
        return self.folder / f"{who}.json"

    def acting(self, who: str) -> tuple[object, ...]:
        return ("--as", who, "--key", self.key(who))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def desks(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desks]:
    """An empty directory with a secret, and where the store is to be."""
    (tmp_path / "secret").write_bytes(b"both agencies type on one machine here")
    (tmp_path / "secret").chmod(0o600)
    store = ""
    if request.param == "postgresql":
        cluster: pg_cluster.Cluster = request.getfixturevalue("postgresql")
        store = cluster.url()
    with cheap_keys():
        yield Desks(tmp_path, store)


def test_from_an_empty_directory_to_evidence_that_verifies(desks: Desks) -> None:
    found(desks)
    name_people(desks)
    sign_the_agreement(desks)
    load_the_register_and_lay_stock(desks)
    folder = ask(desks)
    batch = receive(desks, folder)
    review(desks, batch)
    check_the_sample(desks, batch)
    stay_and_lift(desks, batch)
    release(desks, batch)
    look_back(desks, batch)
    if not desks.store:
        back_up_and_restore(desks, batch)


def found(desks: Desks) -> None:
    """The gateway's home, and a root key of each agency."""
    made = desks.type("init", "--source", "IRS", "--origin", "gateway.invalid/irs", *(["--store-url", desks.store] if desks.store else []))
    assert "gateway.invalid/irs" in made.out
    for agency, side in (("IRS", "source"), ("ICE", "recipient")):
        root = desks.type("key", "new", desks.key(f"root-{agency}"), "--json").json["public"]
        desks.type("key", "add", "--root", "--agency", agency, "--side", side, "--public", root)


def name_people(desks: Desks) -> None:
    """Everybody makes a key file, and the root of the agency enrols its public half; officers, standing and the vault are recorded."""
    for who, role in PEOPLE.items():
        agency = who[:3]
        public = desks.type("key", "new", desks.key(who), "--json").json["public"]
        signed = ("--key", desks.key(f"root-{agency}"))
        desks.type("key", "add", "--agency", agency, "--person", who, "--role", role, "--public", public, *signed)
    good = ("--employee", "--active", "--cleared", "--mfa", "--trained-on", TODAY - 30, "--key", desks.key("root-ICE"))
    desks.type("officer", "add", "--agency", "ICE", "--person", "ICE-SIGNER", "--office", "head", "--office-from", TODAY - 90, *good)
    for officer in ("ICE-1001", "ICE-1002"):
        desks.type("officer", "add", "--agency", "ICE", "--person", officer, *good)
    for stated in (f"report_accepted_on={TODAY - 60}", "findings_without_plan=0", "suspended=0"):
        desks.type("safeguard", "standing", "ICE", "--set", stated, *desks.acting("IRS-SAFEGUARDS"))
    jwk = desks.type("key", "new", desks.key("vault"), "--vault", "--json").json["public"]
    desks.key("vault-public").write_text(json.dumps(jwk))
    enrolled = ("--jwk", desks.key("vault-public"), "--key", desks.key("root-ICE"))
    desks.type("safeguard", "vault", "ICE-V1", "--agency", "ICE", "--storage", "agency-hsm", *enrolled)
    assert len(desks.type("key", "list", "--json").json) == len(PEOPLE) and len(desks.type("officer", "list", "--json").json) == 3


def sign_the_agreement(desks: Desks) -> None:
    """Both parties sign, and only then it can be in force."""
    desks.type("agreement", "validate", "irs-ice-2025")
    desks.type("agreement", "sign", "irs-ice-2025", "--agency", "IRS", "--key", desks.key("root-IRS"))
    desks.type("agreement", "adopt", "irs-ice-2025", code=1)
    desks.type("agreement", "sign", "irs-ice-2025", "--agency", "ICE", "--key", desks.key("root-ICE"))
    desks.type("agreement", "adopt", "irs-ice-2025")
    assert desks.type("agreement", "list", "--json").json[0]["state"] == "in_force"


def load_the_register_and_lay_stock(desks: Desks) -> None:
    synthetic.write_register(synthetic.small().register, desks.folder / "register")
    assert desks.type("register", "load", desks.folder / "register", "--json").json["persons"] == 300
    assert desks.type("register", "profile", "--json").json["persons"] == 300
    desks.type("review", "sample", "commit", "--number-file", desks.folder / "number", *desks.acting("IRS-OVERSEER"))


def ask(desks: Desks) -> Path:
    """The recipient's desk: pack, and each officer engages."""
    data, folder = write_rows(desks.folder / "requests.csv", rows_of()), desks.folder / "sent"
    desks.type("recipient", "pack", data, "--out", folder, "--agency", "ICE", "--signer", "ICE-SIGNER", "--key", desks.key("ICE-SIGNER"))
    for officer, rows in (("ICE-1001", "1-5"), ("ICE-1002", "6-10")):
        desks.type("recipient", "engage", folder, "--officer", officer, "--rows", rows, "--key", desks.key(officer))
    return folder


def receive(desks: Desks, folder: Path) -> str:
    got = desks.type("batch", "receive", folder, "--json").json
    assert (got["state"], got["received"]) == ("received", 10)
    desks.type("batch", "receive", folder, code=3)  # a replay
    batch: str = got["batch"]
    assert desks.type("batch", "run", batch, "--json").json["awaiting"] == ["2 reviews"]
    return batch


def review(desks: Desks, batch: str) -> None:
    while (ordinal := desks.type("review", "next", batch, "--json").json["next"]) is not None:
        assert desks.type("review", "show", batch, ordinal, "--as", "IRS-REVIEWER").json["asked"]
        desks.type("review", "record", batch, ordinal, "refuse", "cannot-tell", *desks.acting("IRS-REVIEWER"))
    decided = desks.type("batch", "run", batch, "--json", code=3).json
    expected: dict[str, int] = {}
    for kind in ROWS:
        expected[kind.decision] = expected.get(kind.decision, 0) + 1
    assert decided["by_decision"] == expected and decided["awaiting"] == ["the sample"]


def check_the_sample(desks: Desks, batch: str) -> None:
    """The number is revealed, and the overseer checks what was drawn against what is known."""
    drawn = desks.type("review", "sample", "draw", batch, "--number-file", desks.folder / "number", "--json").json["drawn"]
    assert sorted(drawn) == list(range(1, 11)) == desks.type("review", "show", batch, "--sample", "--as", "IRS-OVERSEER").json["drawn"]
    lawful = {ordinal for ordinal, (_, right) in truth_of().items() if right}
    answered = {ordinal for ordinal, kind in enumerate(ROWS, 1) if kind.decision in ("confirm", "disclose")}
    (desks.folder / "verdicts.json").write_text(json.dumps({str(o): "ok" if o not in answered - lawful else "defect" for o in drawn}))
    desks.type("review", "sample", "record", batch, desks.folder / "verdicts.json", *desks.acting("IRS-OVERSEER"))
    desks.type("batch", "run", batch, code=3)


def authorize(desks: Desks, batch: str) -> None:
    for who in ("IRS-AUTHORIZER-1", "IRS-AUTHORIZER-2"):
        desks.type("review", "authorize", batch, *desks.acting(who))


def stay_and_lift(desks: Desks, batch: str) -> None:
    """A court stops the flow after two people authorized; lifting takes two people and revives nothing."""
    authorize(desks, batch)
    imposed = desks.type("order", "impose", "25-cv-1", "--court-time", "2026-01-02T03:04:05Z", *desks.acting("IRS-COUNSEL"), "--json").json
    assert (imposed["held"], imposed["withheld"]) == ([batch], [batch])
    desks.type("release", "commit", batch, code=1)
    second = ("--second-as", "IRS-OVERSEER", "--second-key", desks.key("IRS-OVERSEER"))
    assert desks.type("order", "lift", "25-cv-1", *desks.acting("IRS-COUNSEL"), *second, "--json").json["free"] == [batch]
    assert desks.type("batch", "status", batch, "--json").json["awaiting"] == ["2 authorizations"]
    desks.type("release", "commit", batch, code=1)


def release(desks: Desks, batch: str) -> None:
    """Authorized anew, committed, dispatched; opened at the recipient's desk, and acknowledged."""
    authorize(desks, batch)
    assert desks.type("release", "commit", batch, "--json").json["answers"] == 4
    folder = Path(desks.type("release", "dispatch", batch, "--json").json["folder"])
    trust = json.loads(desks.type("ledger", "trust").out)
    (desks.folder / "vkey").write_text(trust["log_vkey"] + "\n")
    opened = []
    for officer in ("ICE-1001", "ICE-1002"):
        words = ("--vault-key", desks.key("vault"), "--vkey", desks.folder / "vkey", "--access-log", desks.folder / "opened.jsonl")
        opened += desks.type("recipient", "open", folder, "--officer", officer, *words).out.splitlines()
    answers = {answer["ordinal"]: answer for answer in map(json.loads, opened)}
    assert {ordinal: answer["decision"] for ordinal, answer in answers.items()} == {
        1: "confirm",
        2: "disclose",
        3: "disclose",
        10: "confirm",
    }
    assert [ordinal for ordinal, answer in sorted(answers.items()) if "address" in answer] == [2, 3]
    assert len((desks.folder / "opened.jsonl").read_text().splitlines()) == 4
    signed = ("--officer", "ICE-1001", "--vkey", desks.folder / "vkey", "--key", desks.key("ICE-1001"))
    desks.type("recipient", "acknowledge", folder, "--out", desks.folder / "receipt.json", *signed)
    desks.type("release", "receipt", batch, desks.folder / "receipt.json")
    assert desks.type("batch", "status", batch, "--json").json["state"] == "acknowledged"


def look_back(desks: Desks, batch: str) -> None:
    """What one person may ask for, and what anybody entitled can check."""
    row = rows_of()[1]
    identity = json.dumps({name: row[name] for name in ("given_name", "family_name", "date_of_birth")}).encode()
    (first, _) = desks.type("accounting", "--as", "IRS-COUNSEL", stdin=identity).json  # the replay was a request too
    assert (first["request"], first["disclosed"], first["elements"][0]) == (f"{batch}/2", True, "address_line")
    size = desks.type("ledger", "checkpoint", "--recheck", "--json").json["size"]
    assert desks.type("ledger", "prove", size - 1).out.startswith("c2sp.org/tlog-proof@v1")
    desks.type("ledger", "export", desks.folder / "bundle", "--trust", desks.folder / "trust.json")
    found = desks.type("ledger", "verify", desks.folder / "bundle", "--trust", desks.folder / "trust.json", "--json").json
    assert (found["verified"], found["size"]) == (True, size)


def back_up_and_restore(desks: Desks, batch: str) -> None:
    """A backup without the wrapping key, and a home from both."""
    desks.type("backup", "create", desks.folder / "backup")
    wrapping = desks.home / "keys" / "wrapping.json"
    assert not list((desks.folder / "backup").rglob("wrapping.json"))
    there = desks.folder / "restored"
    desks.type("backup", "restore", desks.folder / "backup", "--home", there, "--wrapping-key", wrapping)
    assert desks.type("batch", "status", batch, "--home", there, "--json").json["state"] == "acknowledged"
    roots = [desks.type("ledger", "checkpoint", "--home", home, "--json").json for home in (desks.home, there)]
    assert roots[0] == roots[1]
