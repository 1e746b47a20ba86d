"""Opening what was sent: who signed, what the envelope declares, and whether the data file is what it says (R01-R10).

Nothing here refuses: it gathers the batch facts, and the agreement's rules judge them. What could not be read is a fact too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa
from sqlalchemy import Connection, select

from portcullis.agreement import Agreement
from portcullis.crypto import open_dsse, read_dsse, signer_of
from portcullis.datafile import ENVELOPE_TYPE, SUFFIXES, Envelope, FileRoot, Limits, read, read_salts
from portcullis.datafile.folder import DOCUMENTS, ENGAGEMENTS, ENVELOPE, SALTS
from portcullis.datafile.read import open_plain
from portcullis.errors import Refused
from portcullis.home import Home
from portcullis.intake.batch.rows import Rows, Taking
from portcullis.model import Role
from portcullis.officers import Officer, officer_of_key
from portcullis.orders import stays_on
from portcullis.standing import facts as standing_facts
from portcullis.standing import officer_record, on_roster
from portcullis.store import schema

__all__ = ["Opened", "batch_facts", "open_envelope", "read_rows"]


@dataclass(frozen=True, slots=True)
class Opened:
    """What could be read of a batch folder. `fault` says why something could not, without a value."""

    dsse: Mapping[str, object] | None = None
    envelope: Envelope | None = None
    signer: Officer | None = None
    fault: Refused | None = None
    rows: Rows = field(default_factory=Rows)
    count_agrees: int = 0
    root_agrees: int = 0
    ids_unique: int = 0


def open_envelope(home: Home, conn: Connection, folder: Path) -> Opened:
    """Read and verify `batch.json`; the signer must be the person the envelope names, enrolled as a signer of its agency."""
    try:
        with open_plain(folder / ENVELOPE, links=False) as file:
            dsse = read_dsse(file.read(1 << 20))
    except Refused as fault:
        return Opened(
            fault=Refused("batch.json cannot be read.", fault.why, "Send a folder with a signed batch.json.", code="B-NOT-WRITTEN")
        )
    try:
        signer = officer_of_key(conn, signer_of(dsse))
        payload = open_dsse(dsse, lambda _: signer.public if signer else None, ENVELOPE_TYPE)
        envelope = Envelope.parse(payload, max_rows=home.settings.max_rows)
    except Refused as fault:
        return Opened(dsse=dsse, fault=fault)
    if signer is None or (signer.person, signer.agency) != (envelope.signer, envelope.agency) or Role.SIGNER not in signer.roles:
        return Opened(dsse=dsse, envelope=envelope, fault=_not_the_signer())
    return Opened(dsse=dsse, envelope=envelope, signer=signer)


def _not_the_signer() -> Refused:
    return Refused(
        "The envelope is not signed by the signer it names.",
        "The key belongs to another person, or to no signer of that agency.",
        "The signer signs it with the key enrolled for signing.",
        code="B-SIG-BAD",
    )


def read_rows(home: Home, folder: Path, opened: Opened, folder_for_rows: Callable[[], Path]) -> Opened:
    """Read the data file whole, sealing many rows into the folder made for them, and compare it with the envelope, where there is one.

    A fault is kept, with the rows that could be read before it: they too are requests, and enter the accounting (R43).
    """
    root = _Root(folder, opened.envelope)
    taking = Taking(folder_for_rows, root.update)
    limits = Limits(rows=home.settings.max_rows, file_bytes=home.settings.max_file_bytes)
    rows = taking.take(_parts(folder, limits))
    digest = root.digest()
    return replace(
        opened,
        fault=opened.fault or taking.fault or root.fault,
        rows=rows,
        count_agrees=int(opened.envelope is not None and rows.num_rows == opened.envelope.count),
        root_agrees=int(opened.envelope is not None and digest == opened.envelope.root),
        ids_unique=int(taking.ids_unique),
    )


def _parts(folder: Path, limits: Limits) -> Iterator[pa.RecordBatch]:
    yield from read(_data_file(folder), limits=limits)


class _Root:
    """The root of the rows under the salts sent, or why there is none; rows are kept whatever is wrong with their salts."""

    def __init__(self, folder: Path, envelope: Envelope | None) -> None:
        self.fault: Refused | None = None
        self._tree: FileRoot | None = None
        if envelope is not None:
            self._guarded(lambda: self._begin(folder, envelope.count))

    def update(self, part: pa.RecordBatch) -> None:
        """Add the rows of a part."""
        if self._tree is not None:
            self._guarded(lambda: self._tree.update(part))  # type: ignore[union-attr]

    def digest(self) -> str:
        """The root (hex), or nothing."""
        found: list[str] = []
        if self._tree is not None:
            self._guarded(lambda: found.append(self._tree.digest().hex()))  # type: ignore[union-attr]
        return found[0] if found else ""

    def _begin(self, folder: Path, count: int) -> None:
        self._tree = FileRoot(read_salts(folder / SALTS, count))

    def _guarded(self, step: Callable[[], object]) -> None:
        try:
            step()
        except Refused as fault:
            self.fault, self._tree = fault, None


def _data_file(folder: Path) -> Path:
    """The one data file, whatever its name before the ending; a link is none, so that nothing outside the folder is read."""
    found = [
        path
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and path.name not in (ENGAGEMENTS, DOCUMENTS) and not path.is_symlink()
    ]
    if len(found) != 1:
        known = ", ".join(SUFFIXES)
        raise Refused("The folder does not hold exactly one data file.", f"It holds {len(found)}.", f"Send one file ending in {known}.")
    return found[0]


def batch_facts(home: Home, conn: Connection, opened: Opened, agreement: Agreement | None) -> dict[str, int | str | None]:
    """Every fact of scope batch (fields.yaml). What cannot be known is None, and no rule passes on it."""
    envelope, now = opened.envelope, home.now()
    if envelope is None:
        return {"written": int(opened.dsse is not None), "signature_valid": 0, **dict.fromkeys(_UNKNOWN)}
    today = agreement.day(now) if agreement else now // 86_400
    record = officer_record(conn, envelope.agency, envelope.signer)
    offices = frozenset(agreement.offices) if agreement else frozenset()
    roster = int(on_roster(record, offices, today))
    head = int(bool(roster and agreement and record and agreement.offices.get(record.office)))
    delegated = int(envelope.delegation is not None)
    stays = stays_on(conn, agreement=envelope.agreement_id, agency=envelope.agency, gate=envelope.gate, batch=None)
    b = schema.batch
    seen = conn.execute(
        select(b.c.id).where(
            b.c.agency == envelope.agency, (b.c.nonce == envelope.nonce) | (b.c.file_root == envelope.root), b.c.state != "refused"
        )
    )
    return {
        "written": 1,
        "signature_valid": int(opened.signer is not None),
        "signer_on_roster": roster,
        "signer_is_head": head,
        "delegation_present": delegated,
        "delegation_approved": int(not delegated),  # a delegation's approval cannot be recorded yet, so none is approved
        "agency_federal": int(agreement is not None and agreement.federal and agreement.recipient == envelope.agency),
        "agency_party": int(agreement is not None and agreement.recipient == envelope.agency),
        "gate": envelope.gate,
        "data_class": envelope.data_class,
        **standing_facts(conn, envelope.agency, today, agreement.report_days if agreement else 0),
        "stay_active": int(bool(stays)),
        "agreement_in_force": int(agreement is not None),
        "agreement_named": int(
            agreement is not None and (agreement.id, agreement.version) == (envelope.agreement_id, envelope.agreement_version)
        ),
        "agreement_covers_gate": int(agreement is not None and envelope.gate in agreement.gates),  # one spelling: stays compare it too
        "count_agrees": opened.count_agrees,
        "root_agrees": opened.root_agrees,
        "ids_unique": opened.ids_unique,
        "nonce_fresh": int(seen.first() is None),
    }


_UNKNOWN = (
    "signer_on_roster",
    "signer_is_head",
    "delegation_present",
    "delegation_approved",
    "agency_federal",
    "agency_party",
    "gate",
    "data_class",
    "safeguard_current",
    "safeguard_findings_without_plan",
    "safeguard_suspended",
    "stay_active",
    "agreement_in_force",
    "agreement_named",
    "agreement_covers_gate",
    "count_agrees",
    "root_agrees",
    "ids_unique",
    "nonce_fresh",
)
