"""Read again, inside the transaction that holds the release lock, everything `may_release` needs.

Each fact is computed from the store as it is now, never carried over from an earlier step; what was examined in files (examine.py)
counts only while the store still names exactly those files.
"""

from __future__ import annotations

from sqlalchemy import Connection, RowMapping, func, select

from portcullis.agreement import Agreement, adopted
from portcullis.batches import assigned, get
from portcullis.crypto import signer_of
from portcullis.decision import ReleaseFacts
from portcullis.errors import PortcullisError
from portcullis.home import Home
from portcullis.intake.reached import reached_later
from portcullis.ledger import decode
from portcullis.ledger.acts import CHANGES, concerns
from portcullis.matching.folder import read_index
from portcullis.matters import stopping
from portcullis.model import LeafType
from portcullis.officers import officer_of_key
from portcullis.orders import stays_on
from portcullis.release.examine import Examined, names_of, pending
from portcullis.review import release_content, release_root
from portcullis.standing import current, eligible, officer_record, officer_records, on_roster, vault_of
from portcullis.store import published, schema
from portcullis.witnesses import missing

__all__ = ["gather"]


def gather(home: Home, conn: Connection, batch_id: str, examined: Examined) -> ReleaseFacts:
    """The facts of this instant. The caller holds the release lock."""
    row = get(conn, batch_id)
    agreement = adopted(home, conn, row["agreement_id"])
    today = agreement.day(home.now()) if agreement else home.now() // 86_400
    return ReleaseFacts(
        **_decisions(conn, row),
        **_examined(home, row, pending(conn, batch_id), examined),
        **_sample(conn, row),
        **_authorizations(home, conn, row),
        **_agreement(row, agreement, _switches(conn, row)),
        stays=_stays(home, conn, row),
        standing_current=current(conn, row["agency"], today, agreement.report_days) if agreement else None,
        **_recipients(conn, row, agreement, today),
        **_commit(home, conn, row, agreement),
        **stopping(conn, row["agency"], row["agreement_id"], home.now()),
    )


def _stays(home: Home, conn: Connection, row: RowMapping) -> int:
    """Orders in force that cover the batch, and those about a person who turns out, now that it is matched, to be one of its subjects."""
    known = stays_on(conn, agreement=row["agreement_id"], agency=row["agency"], gate=row["gate"], batch=row["log_id"])
    return len(known) + int(row["held"]) + reached_later(home, conn, row)


def _examined(home: Home, row: RowMapping, waiting: list[tuple[str, str]], examined: Examined) -> dict[str, int | None]:
    """What the files said, if the store still names those files and the register is still that one; else unknown."""
    if examined.seen != names_of(row, waiting):
        names = ("decisions_unchanged", "answers_unchanged", "fields_outside_whitelist", "register_unchanged", "vetoes_since")
        return dict.fromkeys(names)
    try:
        version = read_index(home.path / "register")["version"]
    except PortcullisError:
        version = None
    same = version == examined.register == row["register_version"]
    return {
        "decisions_unchanged": examined.decisions_unchanged,
        "answers_unchanged": examined.answers_unchanged,
        "fields_outside_whitelist": examined.fields_outside_whitelist,
        "register_unchanged": int(same),
        "vetoes_since": examined.vetoes_since if same else None,
    }


def _decisions(conn: Connection, row: RowMapping) -> dict[str, int | None]:
    q = schema.request
    decided = conn.execute(select(func.count()).where(q.c.batch_id == row["id"])).scalar_one()
    leaves = conn.execute(
        select(func.count()).where(schema.leaf.c.batch_id == row["id"], schema.leaf.c.type == LeafType.REQUEST_DECIDED.value)
    ).scalar_one()
    return {
        "requests_undecided": row["count"] - decided,
        "requests_decided_twice": max(0, leaves - decided),
    }


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
        "changes_since": _changes_since(conn, row, min((each["leaf_idx"] for each in standing), default=0)),
        "keys_valid": int(all(officers.values()) and _signer_key_valid(conn, row) and _engaged_keys_valid(conn, row["id"])),
    }


def _changes_since(conn: Connection, row: RowMapping, first: int) -> int:
    """Leaves after the first authorization that change what the release rests on (journey.md); the offline verifier counts the same.

    A revoked key of the signer or an officer is seen by `keys_valid`, an order by `stays`.
    """
    leaf = schema.leaf
    query = select(leaf.c.body).where(leaf.c.idx > first, leaf.c.type.in_(sorted(CHANGES)))
    found = (decode(bytes(body)).fields for body in conn.execute(query).scalars())
    return sum(concerns(fields, row["agency"], row["agreement_id"]) for fields in found)


def _signer_key_valid(conn: Connection, row: RowMapping) -> bool:
    """The key that signed the envelope, as the ledger holds it, is still enrolled for the signer."""
    leaf = schema.leaf
    body = conn.execute(select(leaf.c.body).where(leaf.c.batch_id == row["id"], leaf.c.type == LeafType.BATCH_RECEIVED.value)).scalar_one()
    signer = officer_of_key(conn, signer_of(decode(bytes(body)).fields["envelope"]))
    return signer is not None and (signer.agency, signer.person) == (row["agency"], row["signer"])


def _engaged_keys_valid(conn: Connection, batch_id: str) -> bool:
    """One query, however many officers: the lock is held meanwhile."""
    e, k = schema.engagement, schema.key
    good = select(k.c.key_id).where(k.c.kind == "ed25519", k.c.revoked_at.is_(None))
    bad = select(func.count()).where(e.c.batch_id == batch_id, e.c.key_id.not_in(good))
    return bool(conn.execute(bad).scalar_one() == 0)


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
    named = conn.execute(select(func.count()).where(e.c.batch_id == row["id"], e.c.receives == 1)).scalar_one()
    records = officer_records(conn, row["agency"], select(e.c.officer).where(e.c.batch_id == row["id"], e.c.receives == 1))
    offices = frozenset(agreement.offices) if agreement else frozenset()
    training = agreement.training_days if agreement else 0
    vault = vault_of(conn, row["agency"])
    return {
        "signer_on_roster": int(on_roster(officer_record(conn, row["agency"], row["signer"]), offices, today)),
        "officers_eligible": int(named == len(records) and all(eligible(record, today, training) for record in records)),
        "vaults_valid": int(vault is not None),
    }


def _commit(home: Home, conn: Connection, row: RowMapping, agreement: Agreement | None) -> dict[str, int | None]:
    r = schema.release
    found = conn.execute(select(r).where(r.c.batch_id == row["id"], r.c.state != "withheld")).mappings().first()
    covered, _ = published(conn)
    if found is None:
        return {"committed": 0, "commit_published": 0, "witnesses_missing": None, "dispatched_before": 0}
    return {
        "committed": int(found["root"] == release_root(release_content(conn, row["id"]))),
        "commit_published": int(covered > found["committed_leaf"]),
        "witnesses_missing": missing(home, agreement.witness_quorum, agreement.witnesses, found["committed_leaf"]) if agreement else None,
        "dispatched_before": int(found["state"] == "dispatched"),
    }
