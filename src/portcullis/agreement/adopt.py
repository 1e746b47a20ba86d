"""From a folder to an agreement in force.

 1. `propose`: the folder is validated and copied into the home with a salt for each part (content.py); its hash goes to the ledger.
 2. `sign_agreement`: each party's root key signs that hash.
 3. `adopt`: both have signed, the folder still has that hash, it proves, and nothing else of that id is in force.
 4. `suspend`, `end`: counsel's signed act, under the exclusive release lock; what was authorized under it is void.
`adopted` reads the agreement in force back from the home and checks the hash every time (kept_hash.py says when a file is read again).
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Connection, RowMapping, insert, select, update

from portcullis.agreement.content import SALTS, add_salts, agreement_hash, read_salts
from portcullis.agreement.kept_hash import hash_of_kept
from portcullis.agreement.load import Agreement, load_agreement
from portcullis.crypto import canonical, encode64
from portcullis.errors import OutOfOrder, Refused, Tampered
from portcullis.home import Home
from portcullis.journal import AgreementRef, record
from portcullis.model import LeafType, Role
from portcullis.officers import accept_act, check_root_act, content_hash, root_of
from portcullis.rules import RuleSet
from portcullis.store import schema

__all__ = [
    "adopt",
    "adopted",
    "as_proposed",
    "at_hash",
    "drop_copy",
    "end",
    "folder_of",
    "proof_of",
    "propose",
    "sign_agreement",
    "state_content",
    "suspend",
]


def folder_of(home: Home, agreement_id: str, version: int) -> Path:
    """Where the home keeps its own copy of one version."""
    return home.path / "agreements" / agreement_id / str(version)


def propose(home: Home, conn: Connection, folder: Path) -> Agreement:
    """Validate, copy into the home, and record. Raises Refused for an invalid folder or a version that is known."""
    checked = load_agreement(folder)
    a = schema.agreement
    if conn.execute(select(a.c.id).where(a.c.id == checked.id, a.c.version == checked.version)).first():
        raise Refused(f"Version {checked.version} of {checked.id} is known already.", "A version is written once.", "Raise the version.")
    target = folder_of(home, checked.id, checked.version)
    if target.exists():  # left by a proposal that did not commit
        shutil.rmtree(target)
    shutil.copytree(folder, target)
    if not (target / "fields.yaml").exists() and (folder.parent / "fields.yaml").is_file():
        shutil.copy2(folder.parent / "fields.yaml", target / "fields.yaml")
    add_salts(target)
    kept = load_agreement(target)
    record(home, conn, LeafType.AGREEMENT_PROPOSED, {"rules": kept.rules.hash}, agreement=_ref(kept))
    conn.execute(
        insert(a).values(
            id=kept.id,
            version=kept.version,
            hash=kept.hash,
            state="proposed",
            valid_from=kept.valid_from,
            valid_to=kept.valid_to,
            rules_hash=kept.rules.hash,
            switches=canonical(kept.rules.positions()).decode(),
        )
    )
    return kept


def drop_copy(home: Home, agreement_id: str, version: int) -> None:
    """Remove the home's copy of a version whose proposal did not come to be: it was refused, or only rehearsed."""
    folder = folder_of(home, agreement_id, version)
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):  # other versions may lie beside it
        folder.parent.rmdir()


def as_proposed(home: Home, folder: Path, agreement_id: str, version: int) -> str:
    """The hash that this folder has with the salts of the proposed version, which a party's own copy need not hold. Raises Refused."""
    kept = folder_of(home, agreement_id, version)
    return agreement_hash(folder, read_salts(kept) if (kept / SALTS).is_file() else None)


def sign_agreement(home: Home, conn: Connection, agreement_id: str, version: int, agency: str, act: Mapping[str, object]) -> None:
    """Record one party's signature over the agreement's hash."""
    row = _row(conn, agreement_id, version)
    if row["state"] != "proposed":
        raise OutOfOrder(f"{agreement_id} version {version} is not waiting for signatures.")
    checked = at_hash(home, agreement_id, version, row["hash"])
    if agency not in (checked.source, checked.recipient):
        raise Refused(f"{agency} is not a party of {agreement_id}.", "Only its two agencies sign it.", "Sign as a party.")
    check_root_act(home, conn, agency, act, "agreement.sign", row["hash"])
    public = root_of(conn, agency)
    record(home, conn, LeafType.AGREEMENT_SIGNED, {"agency": agency, "root": encode64(public), "act": dict(act)}, agreement=_ref(checked))
    s = schema.agreement_signature
    conn.execute(insert(s).values(agreement_id=agreement_id, version=version, agency=agency, act=canonical(dict(act)).decode()))


def adopt(home: Home, conn: Connection, agreement_id: str, version: int) -> Agreement:
    """Put a signed version in force. Raises Refused unless both parties signed it and its rules prove."""
    row = _row(conn, agreement_id, version)
    if row["state"] != "proposed":
        raise OutOfOrder(f"{agreement_id} version {version} cannot be adopted.", f"Its state is {row['state']}.")
    checked = at_hash(home, agreement_id, version, row["hash"])
    s, a = schema.agreement_signature, schema.agreement
    signed = set(conn.execute(select(s.c.agency).where(s.c.agreement_id == agreement_id, s.c.version == version)).scalars())
    if missing := sorted({checked.source, checked.recipient} - signed):
        raise Refused(f"{', '.join(missing)} has not signed {agreement_id}.", "Both agencies sign it.", "Type: portcullis agreement sign")
    if conn.execute(select(a.c.id).where(a.c.id == agreement_id, a.c.state == "in_force")).first():
        raise Refused(f"Another version of {agreement_id} is in force.", "One version holds at a time.", "End it first.")
    terms = {"elements": sorted(checked.permitted), "answer": checked.answer, "sample": checked.sample_size}
    if checked.witness_quorum:
        terms["witnesses"] = {"keys": sorted(checked.witnesses), "quorum": checked.witness_quorum}
    fields = {"rules": row["rules_hash"], "proof": proof_of(checked, checked.day(home.now())), **terms}
    record(home, conn, LeafType.AGREEMENT_IN_FORCE, fields, agreement=_ref(checked))
    conn.execute(update(a).where(a.c.id == agreement_id, a.c.version == version).values(state="in_force", adopted_at=home.now()))
    return checked


def proof_of(agreement: Agreement, today: int) -> str:
    """The hash (hex) of the proof that no typed request can break what the statute says, on any day from this one (an epoch day) on.

    Where the text of the rules changes within those days, each text is proved. Raises Refused when one does not prove.
    """
    last = None if agreement.valid_to is None else _date(agreement.valid_to)
    texts = agreement.rules.stretches(_date(max(agreement.valid_from, today)), last)
    hashes = [_proved(agreement, begins, rules) for begins, rules in texts]
    return hashes[0] if len(hashes) == 1 else content_hash(hashes)


def _proved(agreement: Agreement, begins: dt.date, rules: RuleSet) -> str:
    known = (agreement.hash, rules.hash)
    if known not in _PROVED:
        from portcullis.rules.prove import own_invariants, prove, refuse_faults  # noqa: PLC0415 - Z3 loads slowly

        refuse_faults(rules, agreement.answer)
        report = prove(rules, agreement.answer, gate=agreement.gate, own=own_invariants(agreement.folder, rules))
        if not report.proved:
            raise Refused(
                f"{agreement.id} version {agreement.version} does not prove as its rules stand on {begins}, and cannot be adopted.",
                "A request is possible that its rules would let through against the statute, or none can be answered.",
                f"Type: portcullis agreement prove {agreement.id} --on {begins}",
            )
        _PROVED[known] = report.hash
    return _PROVED[known]


_PROVED: dict[tuple[str, str], str] = {}
"""Agreement hash and hash of the text → proof hash, for this process: the same content proves the same."""


def _date(day: int) -> dt.date:
    return dt.date(1970, 1, 1) + dt.timedelta(days=day)


def state_content(agreement_id: str, version: int, state: str) -> str:
    """What counsel signs to suspend or end."""
    return content_hash({"agreement": agreement_id, "version": version, "state": state})


def suspend(home: Home, conn: Connection, agreement_id: str, act: Mapping[str, object]) -> None:
    """Suspend the version in force; the caller holds the exclusive release lock."""
    _leave_force(home, conn, agreement_id, act, "suspended", LeafType.AGREEMENT_SUSPENDED)


def end(home: Home, conn: Connection, agreement_id: str, act: Mapping[str, object]) -> None:
    """End the version in force for good; the caller holds the exclusive release lock."""
    _leave_force(home, conn, agreement_id, act, "ended", LeafType.AGREEMENT_ENDED)


def _leave_force(home: Home, conn: Connection, agreement_id: str, act: Mapping[str, object], state: str, kind: LeafType) -> None:
    a = schema.agreement
    row = conn.execute(select(a).where(a.c.id == agreement_id, a.c.state == "in_force")).mappings().first()
    if row is None:
        raise Refused(f"{agreement_id} is not in force.", "There is nothing to stop.", "Type: portcullis agreement list")
    content = state_content(agreement_id, row["version"], state)
    accept_act(home, conn, act, action=f"agreement.{state}", content=content, agreement=agreement_id, roles=[Role.COUNSEL])
    record(home, conn, kind, {"act": dict(act)}, agreement=AgreementRef(agreement_id, row["version"], row["hash"]))
    conn.execute(update(a).where(a.c.id == agreement_id, a.c.version == row["version"]).values(state=state))


def adopted(home: Home, conn: Connection, agreement_id: str | None) -> Agreement | None:
    """The version in force today, or None. Raises Tampered when its folder no longer has the hash that was signed."""
    a = schema.agreement
    row = conn.execute(select(a).where(a.c.id == agreement_id, a.c.state == "in_force")).mappings().first()
    today = home.now() // 86_400
    if row is None or today < row["valid_from"] or (row["valid_to"] is not None and today > row["valid_to"]):
        return None
    return at_hash(home, row["id"], row["version"], row["hash"])


def of_version(home: Home, conn: Connection, agreement_id: str, version: int) -> Agreement:
    """That version, in force or not. Raises Tampered when its folder no longer has the hash that was signed."""
    row = _row(conn, agreement_id, version)
    return at_hash(home, row["id"], row["version"], row["hash"])


def at_hash(home: Home, agreement_id: str, version: int, expected: str) -> Agreement:
    """The home's copy of a version, whatever its state. Raises Tampered unless it has that hash."""
    folder = folder_of(home, agreement_id, version)
    if not folder.is_dir() or _hash_now(folder) != expected:
        raise Tampered(
            f"The folder of {agreement_id} version {version} is not the one that was signed.", "A file in it was changed.", "Restore it."
        )
    return replace(_of_content(expected, folder), folder=folder)


def _hash_now(folder: Path) -> str | None:
    """None where the folder is no agreement any more: it was one when it was signed."""
    try:
        return hash_of_kept(folder)
    except Refused:
        return None


_KNOWN: dict[str, Agreement] = {}


def _of_content(digest: str, folder: Path) -> Agreement:
    """The agreement in a folder of that content, parsed once: under the release lock a dispatch has no time to parse rules."""
    if digest not in _KNOWN:
        _KNOWN[digest] = load_agreement(folder)
    return _KNOWN[digest]


def _row(conn: Connection, agreement_id: str, version: int) -> RowMapping:
    a = schema.agreement
    row = conn.execute(select(a).where(a.c.id == agreement_id, a.c.version == version)).mappings().first()
    if row is None:
        raise Refused(
            f"There is no version {version} of {agreement_id} here.", "It was not proposed.", "Type: portcullis agreement validate"
        )
    return row


def _ref(agreement: Agreement) -> AgreementRef:
    return AgreementRef(agreement.id, agreement.version, agreement.hash)
