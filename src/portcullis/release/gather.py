"""Read again, inside the transaction that holds the release lock, everything `may_release` needs.

Each fact is computed from the store, the evidence files and the register as they are now, never carried over from an earlier step.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
from sqlalchemy import Connection, RowMapping, func, select

from portcullis import evidence
from portcullis.agreement import Agreement, adopted
from portcullis.batches import assigned, get
from portcullis.decision import ReleaseFacts
from portcullis.errors import Refused, Tampered
from portcullis.home import Home
from portcullis.ledger import root
from portcullis.matching.answers import vetoed
from portcullis.matching.register import Register, open_register
from portcullis.model import LeafType
from portcullis.officers import officer_of_key
from portcullis.orders import stays_on
from portcullis.release.answers import answers_root, outside_whitelist
from portcullis.review import release_content, release_root
from portcullis.standing import current, eligible, officer_record, on_roster, vault_of
from portcullis.store import published, schema

__all__ = ["decisions_root_now", "gather"]

_SECONDS_A_DAY = 86_400


def gather(home: Home, conn: Connection, batch_id: str) -> ReleaseFacts:
    """The facts of this instant. The caller holds the release lock."""
    row = get(conn, batch_id)
    today = home.now() // _SECONDS_A_DAY
    agreement = adopted(home, conn, row["agreement_id"])
    return ReleaseFacts(
        **_decisions(conn, row),
        **_answers(home, conn, row, agreement),
        **_sample(conn, row),
        **_authorizations(home, conn, row),
        **_agreement(row, agreement, _switches(conn, row)),
        stays=len(stays_on(conn, agreement=row["agreement_id"], agency=row["agency"], gate=row["gate"], batch=row["log_id"])) + row["held"],
        standing_current=current(conn, row["agency"], today),
        **_recipients(conn, row, agreement, today),
        **_register(home, conn, row),
        **_commit(conn, row, agreement.witness_quorum if agreement else None),
    )


def decisions_root_now(conn: Connection, batch_id: str) -> str:
    """RFC 6962 root (hex) over the hashes of the batch's `request.decided` leaves, in log order."""
    leaf = schema.leaf
    query = select(leaf.c.hash).where(leaf.c.batch_id == batch_id, leaf.c.type == LeafType.REQUEST_DECIDED.value).order_by(leaf.c.idx)
    return root([bytes(h) for h in conn.execute(query).scalars()]).hex()


def _decisions(conn: Connection, row: RowMapping) -> dict[str, int | None]:
    q = schema.request
    decided = conn.execute(select(func.count()).where(q.c.batch_id == row["id"])).scalar_one()
    leaves = conn.execute(
        select(func.count()).where(schema.leaf.c.batch_id == row["id"], schema.leaf.c.type == LeafType.REQUEST_DECIDED.value)
    ).scalar_one()
    return {
        "requests_undecided": row["count"] - decided,
        "requests_decided_twice": max(0, leaves - decided),
        "decisions_unchanged": int(decisions_root_now(conn, row["id"]) == row["decisions_root"]),
    }


def _answers(home: Home, conn: Connection, row: RowMapping, agreement: Agreement | None) -> dict[str, int | None]:
    """Whether the answers are those signed, and whether anything in them is not permitted. Unreadable evidence is unknown."""
    permitted = agreement.permitted if agreement else frozenset()
    try:
        table = evidence.read(home, conn, row["id"], "answers")
    except (Tampered, Refused):
        return {"answers_unchanged": 0, "fields_outside_whitelist": None}
    texts = table["body"].to_pylist()
    same = answers_root(texts, table["salt"].to_pylist()) == row["answers_root"] and _sealed_unchanged(home, conn, row["id"])
    return {
        "answers_unchanged": int(same),
        "fields_outside_whitelist": sum(outside_whitelist(json.loads(text), permitted) for text in texts),
    }


def _sealed_unchanged(home: Home, conn: Connection, batch_id: str) -> bool:
    """Every pending file of the outbox is on disk with the hash it was laid there with."""
    o = schema.outbox
    for path, digest in conn.execute(select(o.c.path, o.c.sha256).where(o.c.batch_id == batch_id, o.c.state == "pending")):
        file = Path(home.path / "outbox" / path)
        if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != digest:
            return False
    return True


def _sample(conn: Connection, row: RowMapping) -> dict[str, int | None]:
    s, i = schema.sample, schema.sample_item
    found = conn.execute(select(s).where(s.c.batch_id == row["id"])).mappings().first()
    if found is None:
        return {"sample_passed": 0, "sample_of_these_decisions": 0}
    good = conn.execute(select(func.count()).where(i.c.batch_id == row["id"], i.c.verdict == "ok")).scalar_one()
    return {
        "sample_passed": int(found["state"] == "passed" and good == found["size"]),
        "sample_of_these_decisions": int(found["decisions_root"] == row["decisions_root"]),
    }


def _authorizations(home: Home, conn: Connection, row: RowMapping) -> dict[str, int | None]:
    """Signatures that stand, are unexpired, by keys still valid, over the root as it is now; counted by person."""
    a = schema.authorization
    standing = conn.execute(select(a).where(a.c.batch_id == row["id"], a.c.voided_at.is_(None))).mappings().all()
    root_now = release_root(release_content(conn, row["id"]))
    officers = {each["key_id"]: officer_of_key(conn, each["key_id"]) for each in standing}
    good = [each for each in standing if each["root"] == root_now and each["expires"] > home.now() and officers[each["key_id"]]]
    roles = assigned(conn, row["id"])
    return {
        "authorizers": len({each["person"] for each in good}),
        "authorizers_conflicted": sum(roles.get(each["person"]) != "authorizer" for each in good),
        "authorized_root_equal": int(bool(good) and len(good) == len(standing)),
        "keys_valid": int(all(officers.values()) and _signer_key_valid(conn, row) and _engaged_keys_valid(conn, row["id"])),
    }


def _signer_key_valid(conn: Connection, row: RowMapping) -> bool:
    k = schema.key
    query = select(func.count()).where(k.c.agency == row["agency"], k.c.person == row["signer"], k.c.revoked_at.is_(None))
    return bool(conn.execute(query).scalar_one() > 0)


def _engaged_keys_valid(conn: Connection, batch_id: str) -> bool:
    e = schema.engagement
    keys = conn.execute(select(e.c.key_id).where(e.c.batch_id == batch_id)).scalars().all()
    return all(officer_of_key(conn, key_id) is not None for key_id in keys)


def _switches(conn: Connection, row: RowMapping) -> str | None:
    a = schema.agreement
    query = select(a.c.switches).where(a.c.id == row["agreement_id"], a.c.version == row["agreement_version"])
    return conn.execute(query).scalar_one_or_none()


def _agreement(row: RowMapping, agreement: Agreement | None, switches: str | None) -> dict[str, int | None]:
    if agreement is None:
        return {"agreement_in_force": 0, "agreement_unchanged": 0, "rules_unchanged": 0, "switches_unchanged": 0}
    return {
        "agreement_in_force": 1,
        "agreement_unchanged": int(agreement.version == row["agreement_version"]),
        "rules_unchanged": int(agreement.rules.hash == row["rules_hash"]),
        "switches_unchanged": int(switches == row["switches"]),
    }


def _recipients(conn: Connection, row: RowMapping, agreement: Agreement | None, today: int) -> dict[str, int | None]:
    e = schema.engagement
    named = conn.execute(select(e.c.officer).where(e.c.batch_id == row["id"], e.c.receives == 1)).scalars().all()
    offices = frozenset(agreement.offices) if agreement else frozenset()
    vault = vault_of(conn, row["agency"])
    return {
        "signer_on_roster": int(on_roster(officer_record(conn, row["agency"], row["signer"]), offices, today)),
        "officers_eligible": int(all(eligible(officer_record(conn, row["agency"], person), today) for person in named)),
        "vaults_valid": int(vault is not None),
    }


def _register(home: Home, conn: Connection, row: RowMapping) -> dict[str, int | None]:
    register = _open(home)
    if register is None or register.version != row["register_version"]:
        return {"register_unchanged": 0, "vetoes_since": None}
    try:
        decisions = evidence.read(home, conn, row["id"], "decisions", columns=["person_id", "decision"])
    except (Tampered, Refused):
        return {"register_unchanged": 1, "vetoes_since": None}
    return {"register_unchanged": 1, "vetoes_since": _vetoes(register, decisions)}


def _vetoes(register: Register, decisions: pa.Table) -> int:
    answered = {
        person
        for person, decision in zip(decisions["person_id"].to_pylist(), decisions["decision"].to_pylist(), strict=True)
        if decision in ("disclose", "confirm") and person is not None
    }
    return vetoed(register, answered)


def _open(home: Home) -> Register | None:
    try:
        return open_register(home.path / "register")
    except Refused:
        return None


def _commit(conn: Connection, row: RowMapping, quorum: int | None) -> dict[str, int | None]:
    # No witness can cosign yet, so a witness that the agreement asks for is a witness missing: nothing leaves.
    r = schema.release
    found: Mapping[str, object] | None = (
        conn.execute(select(r).where(r.c.batch_id == row["id"], r.c.state != "withheld")).mappings().first()
    )
    covered, _ = published(conn)
    if found is None:
        return {"committed": 0, "commit_published": 0, "witnesses_missing": None, "dispatched_before": 0}
    return {
        "committed": int(found["root"] == release_root(release_content(conn, row["id"]))),
        "commit_published": int(covered > int(str(found["committed_leaf"]))),
        "witnesses_missing": quorum,
        "dispatched_before": int(found["state"] == "dispatched"),
    }
