"""What must hold of a batch, whatever was done to its commands: checked from the store, the ledger and the files alone."""

from __future__ import annotations

import hashlib
import json
import sys
from collections import Counter
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pyarrow as pa
from sqlalchemy import Connection, RowMapping, func, select

from faults_home import Story, integrity, plain_bytes
from portcullis import accounting, evidence
from portcullis.batches import get
from portcullis.crypto import open_commitment, open_sealed
from portcullis.export import export_bundle
from portcullis.home import Home
from portcullis.ledger import Leaf, decode
from portcullis.ledger.verify import verify
from portcullis.model import BatchState, LeafType
from portcullis.publish import publish
from portcullis.store import outbox, published, reading, schema, size

AFTER_SAMPLE = (BatchState.SAMPLED, BatchState.AUTHORIZED, BatchState.COMMITTED, BatchState.DISPATCHED, BatchState.ACKNOWLEDGED)


def leaves(conn: Connection, batch: str, kind: LeafType) -> list[Leaf]:
    """The batch's leaves of one type, decoded strictly, in log order."""
    leaf = schema.leaf
    rows = conn.execute(select(leaf.c.body).where(leaf.c.batch_id == batch, leaf.c.type == kind.value).order_by(leaf.c.idx))
    return [decode(bytes(row.body)) for row in rows]


def counted(conn: Connection, batch: str, kind: LeafType) -> int:
    """How many leaves of one type the batch has."""
    leaf = schema.leaf
    return int(conn.execute(select(func.count()).where(leaf.c.batch_id == batch, leaf.c.type == kind.value)).scalar_one())


def nothing_half_done(story: Story) -> None:
    """At any instant between two transactions: rows and leaves agree, and nothing has left that is not in the ledger."""
    if story.home.engine.dialect.name == "sqlite":
        assert integrity(story.home.path / "store.db") == "ok"
    with reading(story.home.engine) as conn:
        for batch in story.batches:
            _agree(conn, batch)
        leaf = schema.leaf
        assert conn.execute(select(func.count(), func.coalesce(func.max(leaf.c.idx), -1))).one() == (size(conn), size(conn) - 1)
        assert published(conn)[0] <= size(conn)


def _agree(conn: Connection, batch: str) -> None:
    q, row = schema.request, get(conn, batch)
    decided = conn.execute(select(func.count()).where(q.c.batch_id == batch)).scalar_one()
    assert decided == counted(conn, batch, LeafType.REQUEST_DECIDED) <= row["count"]
    gone = row["state"] in (BatchState.DISPATCHED, BatchState.ACKNOWLEDGED)
    assert counted(conn, batch, LeafType.RELEASE_DISPATCHED) == counted(conn, batch, LeafType.BATCH_CLOSED) == int(gone)
    assert len(outbox.items(conn, batch, "sent")) == int(gone)
    assert len(outbox.items(conn, batch, "pending")) == int(row["state"] == BatchState.COMMITTED)
    answered = conn.execute(select(func.count()).where(q.c.batch_id == batch, q.c.answered == 1)).scalar_one()
    assert answered == counted(conn, batch, LeafType.DISCLOSURE) == (row["answers"] if gone else 0)
    if row["state"] in AFTER_SAMPLE:
        assert decided == row["count"]


def settled(story: Story) -> None:
    """Every batch left once: one decision a request, one accounting entry a disclosure, evidence that opens, a ledger that verifies."""
    nothing_half_done(story)
    with reading(story.home.engine) as conn:
        for batch in story.batches:
            row = get(conn, batch)
            assert row["state"] in (BatchState.DISPATCHED, BatchState.ACKNOWLEDGED)
            _decisions(story, conn, row)
            _disclosures(story, conn, row)
    nothing_plain(story)
    ledger_verifies(story.home, Path(f"{story.home.path}.bundle"))


def ledger_verifies(home: Home, bundle: Path) -> None:
    """What was published is what the store holds; its bundle verifies by `ledger verify` and by the independent verifier."""
    publish(home, recheck=True)
    trust = bundle.with_name(bundle.name + ".trust.json")
    export_bundle(home, bundle, trust=trust)
    found = verify(bundle, trust.read_bytes())
    assert found["verified"], found["first_failure"]
    assert independent_verifier().main([str(bundle), "--trust", str(trust)]) == 0


@cache
def independent_verifier() -> ModuleType:
    """`verifier/verify.py`, which is no part of the package."""
    spec = spec_from_file_location("independent_verifier", Path(__file__).parents[1] / "verifier" / "verify.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _decisions(story: Story, conn: Connection, row: RowMapping) -> None:
    """One `request.decided` for each request, and each opens with what the accounting and the evidence hold."""
    batch, agreement = row["id"], row["agreement_id"]
    held = {one["log_request"]: one for one in accounting.read(story.home, conn, batch).to_pylist()}
    found = leaves(conn, batch, LeafType.REQUEST_DECIDED)
    assert Counter(leaf.fields["id"] for leaf in found) == Counter(list(held)) and len(held) == row["count"]
    for leaf in found:
        one = held[str(leaf.fields["id"])]
        for name in ("decision", "subject"):
            commitment = bytes.fromhex(str(leaf.fields[name]))
            assert open_commitment(commitment, one[f"{name}_salt"], name, one["log_request"], agreement, json.loads(one[name]))
    decided = evidence.read(story.home, conn, batch, "decisions", columns=["ordinal", "decision", "log_request"])
    q = schema.request
    rows = conn.execute(select(q.c.ordinal, q.c.decision, q.c.log_request).where(q.c.batch_id == batch).order_by(q.c.ordinal)).all()
    assert decided.equals(pa.table({n: [getattr(r, n) for r in rows] for n in ("ordinal", "decision", "log_request")}, decided.schema))


def _disclosures(story: Story, conn: Connection, row: RowMapping) -> None:
    """One `disclosure` for each answer that left; each answer is what was sealed, opens with the vault's key, and there is no other."""
    batch, agreement = row["id"], row["agreement_id"]
    entries = accounting.entries(story.home, conn, batch)
    found = {str(leaf.fields["request"]): leaf.fields for leaf in leaves(conn, batch, LeafType.DISCLOSURE)}
    (sent,) = outbox.items(conn, batch, "sent")
    lines = [json.loads(line) for line in (story.home.path / "outbox" / sent.path).read_bytes().splitlines()]
    assert Counter(list(found)) == Counter(line["request"] for line in lines) and len(lines) == row["answers"] > 0
    ordinals = set()
    for line in lines:
        leaf = found[line["request"]]
        assert leaf["answer"] == hashlib.sha256(line["jwe"].encode()).hexdigest()
        entry = entries[line["request"]]
        assert open_commitment(bytes.fromhex(str(leaf["accounting"])), entry.salt, "accounting", line["request"], agreement, entry.value)
        ordinals.add(open_sealed(line["jwe"], story.cast.vault)["ordinal"])
    assert len(ordinals) == len(lines)
    delivered = story.home.path / "outbox" / batch / "release" / "answers.jsonl"
    assert delivered.read_bytes().splitlines() == (story.home.path / "outbox" / sent.path).read_bytes().splitlines()


def nothing_plain(story: Story) -> None:
    """No personal value in any file of the home but the register's, none in what was printed, and tmp/ is empty."""
    for path, data in plain_bytes(story.home.path):
        assert not any(canary in data for canary in story.canaries), path.name
    for text in story.said:
        assert not any(canary in text.encode() for canary in story.canaries)
    assert left_in(story.home.tmp) == []


def left_in(folder: Path) -> list[str]:
    """Names of the files in a folder and below."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
