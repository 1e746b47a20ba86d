"""An in-memory recipient agency, honest and hostile, for tests.

It has a root key, a signer, officers, strangers and a vault; it packs batches with the real `portcullis.recipient` and then, when
told so, misbehaves in one named way (`BATCH_MISDEEDS`, `ENGAGEMENT_MISDEEDS`). Everything in it is synthetic.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from portcullis import recipient
from portcullis.crypto import AgreementKey, SigningKey, canonical, decode64, key_id_of, read_dsse, sign_act, sign_dsse
from portcullis.datafile import ENGAGEMENT_TYPE, ENVELOPE_TYPE, Engagement, Envelope, ranges_of
from portcullis.model import Act

ORIGIN = "portcullis.invalid/test"
NOW = 1_795_255_200  # 21 November 2026, 10:00 UTC
STAMP = "2026-11-21T10:00:00Z"

LAWFUL_ROW: Mapping[str, str] = {
    "date_of_birth": "1980-01-02",
    "address_line": "12 Elm Street",
    "city": "Springfield",
    "state": "IL",
    "postal_code": "62701",
    "taxable_periods": "2022;2023",
    "statute": "8 USC 1253(a)(1)(A)",
    "purpose": "criminal_investigation",
    "stage": "investigation",
    "case_opened_on": "2025-01-15",
    "order_date": "2023-03-01",
    "judicial_review": "none",
    "order_ground": "8 USC 1227(a)(1)(B)",
    "order_stayed": "no",
    "finality_basis": "appeal_waived",
    "attestations": "criminal_investigation_active;sole_use;no_redisclosure;safeguards;accuracy",
}
"""A row that states every element; names, ids and reason come from `lawful_rows`."""


def lawful_rows(count: int) -> list[dict[str, str]]:
    """Rows of different synthetic people with lawful elements and reasons of their own."""
    return [
        {
            **LAWFUL_ROW,
            "request_id": f"R-{n:06d}",
            "given_name": f"Given{_letters(n)}",
            "family_name": f"Family{_letters(n * 7 + 3)}",
            "address_line": f"{100 + n} Elm Street",
            "case_id": f"C-{n:06d}",
            "order_id": f"O-{n:06d}",
            "reason": f"The address is needed to serve {_letters(n)} in the investigation that concerns {_letters(n * 13 + 5)}.",
        }
        for n in range(1, count + 1)
    ]


def _letters(n: int) -> str:
    word = ""
    while n:
        n, rest = divmod(n, 26)
        word += chr(97 + rest)
    return word or "a"


def write_rows(path: Path, rows: Sequence[Mapping[str, str | None]]) -> Path:
    """The rows as a data file in the format that the name of `path` says."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    if path.suffix == ".parquet":
        pq.write_table(pa.table({name: pa.array([row.get(name) for row in rows], pa.string()) for name in names}), path)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(dict(row)) + "\n" for row in rows), encoding="utf-8")
    else:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows(rows)
    return path


@dataclass
class RecipientAgency:
    """One agency that asks. `people` are ids of the signer and the officers with their keys; `stranger` is enrolled nowhere."""

    code: str = "ICE"
    officers: int = 2
    root: SigningKey = field(default_factory=SigningKey.generate)
    vault: AgreementKey = field(default_factory=AgreementKey.generate)
    stranger: SigningKey = field(default_factory=SigningKey.generate)
    people: dict[str, SigningKey] = field(default_factory=dict)
    origin: str = ORIGIN
    now: int = NOW

    def __post_init__(self) -> None:
        for n in range(1, self.officers + 2):
            self.people.setdefault(f"{self.code}-{n:04d}", SigningKey.generate())

    @property
    def signer(self) -> str:
        """Who signs envelopes: the first of the people."""
        return next(iter(self.people))

    @property
    def engaged(self) -> list[str]:
        """The officers: everyone but the signer."""
        return list(self.people)[1:]

    def lookup(self, key_id: str) -> bytes | None:
        """The public key of one of our people, as a gateway would know it after enrolment."""
        return next((key.public for key in self.people.values() if key.key_id == key_id), None)

    # ---- acts of the root, for enrolment at the gateway -----------------------------------------------------------------------
    def root_act(self, action: str, content: str, *, key: SigningKey | None = None, nonce: str | None = None) -> dict[str, object]:
        """An act by the agency's root (or, hostile, by another key in its name)."""
        act = Act(self.origin, "", action, content, f"root:{self.code}", nonce or secrets.token_hex(16), self.now + 3600)
        return sign_act(key or self.root, act)

    def enrolment(self, person: str, roles: Iterable[str]) -> dict[str, object]:
        """The root's act that enrols a person's key (`key.enroll`)."""
        public = base64.b64encode(self.people[person].public).decode()
        content = {"agency": self.code, "person": person, "roles": sorted(roles), "key": public}
        return self.root_act("key.enroll", content_hash(content))

    def vault_enrolment(self, vault: str, storage: str = "agency-hsm") -> dict[str, object]:
        """The root's act that enrols our vault (`vault.enroll`)."""
        return self.root_act(
            "vault.enroll", content_hash({"agency": self.code, "vault": vault, "jwk": self.vault.public_jwk, "storage": storage})
        )

    # ---- a batch ----------------------------------------------------------------------------------------------------------------
    def asking(self, **changes: object) -> recipient.Asking:
        """The members of an honest envelope; `changes` replaces some."""
        honest = recipient.Asking("irs-ice-2025", 1, "6103(i)(2)", "mailing_address", self.code, self.signer, secrets.token_hex(16), STAMP)
        return replace(honest, **changes)  # type: ignore[arg-type]

    def pack(
        self,
        folder: Path,
        rows: Sequence[Mapping[str, str | None]] | None = None,
        *,
        suffix: str = ".csv",
        misdeed: str | None = None,
        **changes: object,
    ) -> Envelope:
        """Pack `rows` (lawful ones by default) into `folder`, then commit `misdeed`, one of BATCH_MISDEEDS."""
        data = write_rows(folder.parent / f"{folder.name}-source{suffix}", rows if rows is not None else lawful_rows(5))
        envelope = recipient.pack(data, folder, self.people[self.signer], self.asking(**changes))
        if misdeed is not None:
            BATCH_MISDEEDS[misdeed](self, folder, envelope)
        return envelope

    def engage_all(self, folder: Path, count: int) -> None:
        """Every officer engages in an equal share of `count` rows."""
        for n, officer in enumerate(self.engaged):
            mine = range(n + 1, count + 1, len(self.engaged))
            if mine:
                recipient.engage(folder, self.people[officer], officer, mine)

    def resign(self, folder: Path, *, key: SigningKey | None = None, kind: str = ENVELOPE_TYPE, **members: object) -> None:
        """Write another envelope over the folder's own, unchecked, signed by `key` or the signer."""
        payload = canonical({**self.sent(folder).payload(), **members})
        (folder / "batch.json").write_bytes(canonical(sign_dsse(key or self.people[self.signer], kind, payload)) + b"\n")

    def sent(self, folder: Path) -> Envelope:
        """The envelope in the folder, unverified."""
        return Envelope.parse(decode64(read_dsse((folder / "batch.json").read_bytes())["payload"], "The payload"))

    def add_engagement(
        self, folder: Path, officer: str, *, key: SigningKey | None = None, kind: str = ENGAGEMENT_TYPE, **members: object
    ) -> None:
        """Append a line for rows 1 to all, unchecked, with `members` replaced."""
        envelope = self.sent(folder)
        honest = Engagement(
            envelope.agreement_id,
            envelope.agreement_version,
            envelope.nonce,
            envelope.root,
            officer,
            ranges_of(range(1, envelope.count + 1)),
        )
        line = canonical(sign_dsse(key or self.people[officer], kind, canonical({**honest.payload(), **members})))
        with (folder / "engagements.jsonl").open("ab") as file:
            file.write(line + b"\n")

    # ---- what comes back --------------------------------------------------------------------------------------------------------
    def open(
        self, folder: Path, gateway: bytes, officer: str, *, agreement: str = "irs-ice-2025", nonce: str | None = None
    ) -> list[recipient.Answer]:
        """Accept the release folder and open what is for `officer`. `gateway` is the gateway's public log key."""
        arrived = self.receive(folder, gateway, nonce=nonce)
        log = folder / "access.jsonl"
        return list(recipient.open_answers(arrived, self.vault, officer=officer, agreement=agreement, access_log=log, time=STAMP))

    def receive(self, folder: Path, gateway: bytes, *, nonce: str | None = None) -> recipient.Arrived:
        """Accept the release folder."""
        return recipient.receive(folder, lambda key_id: gateway if key_id == key_id_of(gateway) else None, nonce=nonce)

    def acknowledge(self, folder: Path, gateway: bytes, officer: str, *, agreement: str = "irs-ice-2025") -> dict[str, object]:
        """The honest receipt."""
        arrived = self.receive(folder, gateway)
        return recipient.acknowledge(
            arrived,
            self.people[officer],
            officer=officer,
            origin=self.origin,
            agreement=agreement,
            nonce=secrets.token_hex(16),
            expires=self.now + 3600,
        )

    def false_receipt(
        self, officer: str, content: str, *, agreement: str = "irs-ice-2025", key: SigningKey | None = None
    ) -> dict[str, object]:
        """A receipt over content of our choosing."""
        act = Act(self.origin, agreement, "receipt", content, officer, secrets.token_hex(16), self.now + 3600)
        return sign_act(key or self.people[officer], act)


def content_hash(content: object) -> str:
    """SHA-256 (hex) of canonical JSON, as acts state it."""
    return hashlib.sha256(canonical(content)).hexdigest()


# ---- misdeeds: each takes the agency, the honest folder and its envelope ---------------------------------------------------------
Misdeed = Callable[[RecipientAgency, Path, Envelope], None]


def _edit_data(edit: Callable[[bytes], bytes]) -> Misdeed:
    def misdeed(_agency: RecipientAgency, folder: Path, _envelope: Envelope) -> None:
        path = next(path for path in folder.iterdir() if path.stem == "data")
        path.write_bytes(edit(path.read_bytes()))

    return misdeed


def _resign(**how: object) -> Misdeed:
    return lambda agency, folder, _envelope: agency.resign(folder, **how)  # type: ignore[arg-type]


def _edit(name: str, edit: Callable[[bytes], bytes]) -> Misdeed:
    return lambda _agency, folder, _envelope: (folder / name).write_bytes(edit((folder / name).read_bytes())) and None


def _swap_rows(data: bytes) -> bytes:
    header, first, second, *rest = data.splitlines(keepends=True)
    return b"".join([header, second, first, *rest])


def _drop_row(data: bytes) -> bytes:
    return b"".join(data.splitlines(keepends=True)[:-1])


def _repeat_row(data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    return b"".join([*lines, lines[-1]])


BATCH_MISDEEDS: Mapping[str, Misdeed] = {
    # the data file is no longer the one that was signed (CSV only)
    "row changed after signing": _edit_data(lambda data: data.replace(b"101 Elm", b"999 Elm", 1)),
    "rows swapped": _edit_data(_swap_rows),
    "row dropped": _edit_data(_drop_row),
    "row repeated": _edit_data(_repeat_row),
    "data truncated": _edit_data(lambda data: data[: len(data) // 2]),
    "data not UTF-8": _edit_data(lambda data: data + b"\xff\xfe\n"),
    "data with NUL": _edit_data(lambda data: data.replace(b"Elm", b"E\0m", 1)),
    "unknown column": _edit_data(lambda data: data.replace(b"family_name", b"income", 1)),
    "ragged row": _edit_data(lambda data: data + b"one,two\n"),
    "data empty": _edit_data(lambda _data: b""),
    # salts
    "salts too short": _edit("salts.bin", lambda salts: salts[:-32]),
    "salts too long": _edit("salts.bin", lambda salts: salts + bytes(32)),
    "salt changed": _edit("salts.bin", lambda salts: bytes([salts[0] ^ 1]) + salts[1:]),
    # envelope
    "count too high": lambda agency, folder, envelope: agency.resign(folder, count=envelope.count + 1),
    "count a billion": _resign(count=1_000_000_000),
    "count negative": _resign(count=-1),
    "other root": _resign(root="00" * 32),
    "other agency": _resign(agency="FBI"),
    "other gate": _resign(gate="6103(i)(1)"),
    "other data class": _resign(data_class="income"),
    "other agreement": _resign(agreement={"id": "no-such-agreement", "version": 1}),
    "other version": _resign(agreement={"id": "irs-ice-2025", "version": 99}),
    "signer not on the roster": _resign(signer="ICE-9999"),
    "officer signs for the signer": lambda agency, folder, _envelope: agency.resign(folder, key=agency.people[agency.engaged[0]]),
    "delegate signs": _resign(delegation="D-0001"),
    "stranger signs": lambda agency, folder, _envelope: agency.resign(folder, key=agency.stranger),
    "statement of another kind": _resign(kind=ENGAGEMENT_TYPE),
    "member too many": _resign(override="yes"),
    "time without a zone": _resign(time="2026-11-21T10:00:00"),
    "signature cut off": _edit("batch.json", lambda text: text.replace(b'"signatures":[{', b'"signatures":[],"x":[{')),
    "envelope not canonical": _edit("batch.json", lambda text: json.dumps(json.loads(text), indent=1).encode()),
    "envelope truncated": _edit("batch.json", lambda text: text[: len(text) // 2]),
    "envelope a bit flipped": _edit("batch.json", lambda text: text[:60] + bytes([text[60] ^ 2]) + text[61:]),
}
"""What a hostile agency does to a batch folder that it packed honestly."""


def _engage(times: int = 1, **how: object) -> Misdeed:
    def misdeed(agency: RecipientAgency, folder: Path, _envelope: Envelope) -> None:
        for _ in range(times):
            agency.add_engagement(folder, agency.engaged[0], **how)  # type: ignore[arg-type]

    return misdeed


def _engage_with(key_of: Callable[[RecipientAgency], SigningKey]) -> Misdeed:
    return lambda agency, folder, _envelope: agency.add_engagement(folder, agency.engaged[0], key=key_of(agency))


def _cut_engagements(agency: RecipientAgency, folder: Path, _envelope: Envelope) -> None:
    agency.add_engagement(folder, agency.engaged[0])
    path = folder / "engagements.jsonl"
    path.write_bytes(path.read_bytes()[:-30])


ENGAGEMENT_MISDEEDS: Mapping[str, Misdeed] = {
    "engagement from another batch": _engage(nonce="00" * 16),
    "engagement over another root": _engage(root="00" * 32),
    "engagement under another agreement": _engage(agreement={"id": "irs-ice-2025", "version": 2}),
    "engagement beyond the rows": _engage(ordinals=[[1, 1_000]]),
    "engagement without rows": _engage(ordinals=[]),
    "engagement in overlapping ranges": _engage(ordinals=[[1, 2], [2, 3]]),
    "engagement of another kind": _engage(kind=ENVELOPE_TYPE),
    "officer engages twice": _engage(times=2),
    "engagements truncated": _cut_engagements,
    "stranger engages": _engage_with(lambda agency: agency.stranger),
    "officer signs for another": _engage_with(lambda agency: agency.people[agency.engaged[1]]),
}
"""What a hostile agency writes into `engagements.jsonl`. "officer signs for another" is good DSSE: only the roster shows it."""
