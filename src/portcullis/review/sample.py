"""The sample nobody can choose (R41; ledger.md).

 1. The overseer lays random commitments in stock: sha256(r), signed, in the ledger, before the batch is decided.
 2. The k-th received batch uses the k-th r; nobody picks.
 3. After all decisions are in the log (their root D) and a checkpoint C is published, r is revealed.
 4. seed = SHA-256(r ‖ D ‖ C). Positions in the order of the log are ranked by SHA-256(seed ‖ position); the first n are drawn.
 5. One draw per D. Refusals are drawn like disclosures.
 6. Whoever checks by hand is neither operator nor authorizer; one defect of the statute or a court tier blocks the batch for good.

The operator could compute the seed in advance only by knowing r; the overseer could grind only by knowing D and C before committing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, func, insert, select, update

from portcullis.batches import assign, get, move, ref
from portcullis.errors import OutOfOrder, Refused
from portcullis.home import Home
from portcullis.journal import record
from portcullis.model import BatchState, LeafType, Role
from portcullis.officers import accept_act, content_hash
from portcullis.store import schema, writing

__all__ = [
    "SAMPLE_STATES",
    "commit_stock",
    "drawn_ordinals",
    "note_verdict",
    "noted_verdicts",
    "record_sample",
    "reveal_and_draw",
    "sample_content",
    "select_positions",
    "stock_content",
]

SAMPLE_STATES = ("drawn", "passed", "failed", "aborted")


def stock_content(k: int, commitment: str) -> str:
    """What the overseer signs when laying the k-th commitment in stock."""
    return content_hash({"k": k, "commitment": commitment})


def sample_content(batch_log_id: str, decisions_root: str, checked: int, defects: int) -> str:
    """What the person who checked the sample signs."""
    return content_hash({"batch": batch_log_id, "decisions_root": decisions_root, "checked": checked, "defects": defects})


def next_k(conn: Connection) -> int:
    """The number of the next commitment in stock, from 1."""
    return int(conn.execute(select(func.coalesce(func.max(schema.sample_stock.c.k), 0))).scalar_one()) + 1


def commit_stock(home: Home, k: int, commitment: str, act: Mapping[str, object], *, apart: bool) -> None:
    """Lay one signed commitment in stock; `apart` says that the number was drawn elsewhere and is not known here.

    Raises Refused when k is not the next number."""
    with writing(home.engine) as conn:
        if k != next_k(conn):
            raise Refused(f"The next commitment in stock is number {next_k(conn)}.", "They are numbered without gaps.", "Sign that number.")
        officer, _ = accept_act(
            home, conn, act, action="sample.commit", content=stock_content(k, commitment), agreement="", roles=[Role.OVERSEER]
        )
        record(home, conn, LeafType.SAMPLE_COMMITTED, {"k": k, "commitment": commitment, "act": dict(act)})
        conn.execute(insert(schema.sample_stock).values(k=k, commitment=commitment, overseer=officer.person, apart=int(apart)))


def select_positions(seed: bytes, count: int, size: int) -> list[int]:
    """The positions (0-based, in log order) that the seed draws from `count`, sorted."""
    ranked = sorted(range(count), key=lambda position: hashlib.sha256(seed + position.to_bytes(8, "big")).digest())
    return sorted(ranked[: min(size, count)])


def reveal_and_draw(
    home: Home,
    batch_id: str,
    r: bytes,
    checkpoint: tuple[int, bytes],
    decided: Sequence[tuple[int, int]],
    *,
    size: int,
) -> list[int]:
    """Reveal r and draw; returns the ordinals drawn.

    `checkpoint` is size and root of a published checkpoint that covers the decisions; `decided` holds (leaf index, ordinal) in log
    order; `size` is what the agreement asks for. Where the number was drawn on this machine the leaf says "operator".
    """
    with writing(home.engine) as conn:
        row = get(conn, batch_id)
        root = row["decisions_root"]
        if row["state"] != BatchState.REVIEWED or root is None:
            raise OutOfOrder(f"Batch {batch_id} has no decisions to sample, or was sampled.")
        if conn.execute(select(schema.sample.c.state).where(schema.sample.c.batch_id == batch_id)).first():
            raise OutOfOrder(
                f"The sample of batch {batch_id} was drawn.", "There is one draw over one set of decisions.", "Check the drawn requests."
            )
        s = schema.sample_stock
        stock = conn.execute(select(s).where(s.c.batch_id == batch_id)).mappings().one()
        if hashlib.sha256(r).hexdigest() != stock["commitment"] or len(r) != 32:
            raise Refused(
                "This is not the number that was committed.", f"It does not open commitment {stock['k']}.", "Reveal the right one."
            )
        if checkpoint[0] <= max(index for index, _ in decided):
            raise OutOfOrder("The checkpoint does not cover the decisions.")
        seed = hashlib.sha256(r + bytes.fromhex(root) + checkpoint[1]).digest()
        positions = select_positions(seed, len(decided), size)
        batch = ref(conn, batch_id)
        record(home, conn, LeafType.SAMPLE_REVEALED, {"k": stock["k"], "r": r.hex()}, batch=batch)
        drawn = {
            "k": stock["k"],
            "decisions_root": root,
            "checkpoint_size": checkpoint[0],
            "checkpoint_root": checkpoint[1].hex(),
            "seed": seed.hex(),
            "n": len(positions),
            "of": len(decided),
            "positions": content_hash(positions),
            "chosen_by": "overseer" if stock["apart"] else "operator",
        }
        record(home, conn, LeafType.SAMPLE_DRAWN, drawn, batch=batch)
        conn.execute(update(s).where(s.c.k == stock["k"]).values(revealed=r.hex()))
        conn.execute(
            insert(schema.sample).values(batch_id=batch_id, decisions_root=root, seed=seed.hex(), size=len(positions), state="drawn")
        )
        items = [{"batch_id": batch_id, "decisions_root": root, "position": p, "ordinal": decided[p][1]} for p in positions]
        if items:
            conn.execute(insert(schema.sample_item), items)
        return [decided[p][1] for p in positions]


def drawn_ordinals(conn: Connection, batch_id: str) -> list[int]:
    """The ordinals of the batch's draw, in the order of the file."""
    i = schema.sample_item
    return list(conn.execute(select(i.c.ordinal).where(i.c.batch_id == batch_id).order_by(i.c.ordinal)).scalars())


def note_verdict(home: Home, batch_id: str, ordinal: int, verdict: str, person: str) -> None:
    """Note what a person found of one drawn request, to be signed with the others; until then it counts for nothing.

    Raises Refused for a word that is none, a request that was not drawn, and a sample that is closed.
    """
    i, s = schema.sample_item, schema.sample
    with writing(home.engine) as conn:
        open_ = conn.execute(select(s.c.size).where(s.c.batch_id == batch_id, s.c.state == "drawn")).first()
        if verdict not in ("ok", "defect") or open_ is None or ordinal not in drawn_ordinals(conn, batch_id):
            raise Refused("No verdict can be noted here.", "It is no drawn request of an open sample, or none was chosen.", "Go back.")
        conn.execute(update(i).where(i.c.batch_id == batch_id, i.c.ordinal == ordinal).values(verdict=verdict, by=person))


def noted_verdicts(conn: Connection, batch_id: str, person: str) -> dict[int, str]:
    """What this person has noted of the drawn requests: ordinal → ok or defect."""
    i = schema.sample_item
    rows = conn.execute(select(i.c.ordinal, i.c.verdict).where(i.c.batch_id == batch_id, i.c.by == person))
    return {row.ordinal: row.verdict for row in rows}


def record_sample(home: Home, batch_id: str, verdicts: Mapping[int, str], act: Mapping[str, object]) -> bool:
    """Record the hand check of every drawn request, `ok` or `defect`; True when it passed, False when the batch is now blocked.

    Raises Refused when a drawn request has no verdict or another was judged.
    """
    with writing(home.engine) as conn:
        row = get(conn, batch_id)
        drawn = set(drawn_ordinals(conn, batch_id))
        sample = conn.execute(select(schema.sample).where(schema.sample.c.batch_id == batch_id)).mappings().first()
        if sample is None or sample["state"] != "drawn":
            raise OutOfOrder(f"Batch {batch_id} has no open sample.")
        if set(verdicts) != drawn or not set(verdicts.values()) <= {"ok", "defect"}:
            raise Refused(
                "The check is not of exactly the drawn requests.",
                "Each needs ok or defect.",
                f"Type: portcullis review show {batch_id} --sample",
            )
        defects = sum(verdict == "defect" for verdict in verdicts.values())
        content = sample_content(row["log_id"], row["decisions_root"], len(drawn), defects)
        roles = [Role.OVERSEER, Role.REVIEWER]
        officer, _ = accept_act(home, conn, act, action="sample.record", content=content, agreement=row["agreement_id"], roles=roles)
        assign(conn, batch_id, officer.person, next(role for role in roles if role in officer.roles))
        i = schema.sample_item
        for ordinal, verdict in verdicts.items():
            conn.execute(update(i).where(i.c.batch_id == batch_id, i.c.ordinal == ordinal).values(verdict=verdict, by=officer.person))
        _close(home, conn, batch_id, row["decisions_root"], len(drawn), defects, act)
        return defects == 0


def _close(home: Home, conn: Connection, batch_id: str, root: str, checked: int, defects: int, act: Mapping[str, object]) -> None:
    batch = ref(conn, batch_id)
    passed = defects == 0
    kind = LeafType.SAMPLE_PASSED if passed else LeafType.SAMPLE_FAILED
    record(home, conn, kind, {"decisions_root": root, "checked": checked, "defects": defects, "act": dict(act)}, batch=batch)
    conn.execute(update(schema.sample).where(schema.sample.c.batch_id == batch_id).values(state="passed" if passed else "failed"))
    if passed:
        move(conn, batch_id, BatchState.REVIEWED, BatchState.SAMPLED)
        return
    record(home, conn, LeafType.BATCH_BLOCKED, {"why": "B-SAMPLE-FAILED"}, batch=batch)
    move(conn, batch_id, BatchState.REVIEWED, BatchState.BLOCKED)
