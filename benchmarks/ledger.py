"""The ledger measured at the reference batch: leaves appended, published, exported and verified. Prints Markdown.

    python benchmarks/ledger.py [--scale 1.0] [--chunk 10000]

A real home with its people and an agreement receives one batch of 1.28 million x scale requests, and one `request.decided` leaf for each
is appended as a batch run does it: salted commitments, chunks, every commit on the disk (SQLite, synchronous=FULL).
"""

from __future__ import annotations

import argparse
import secrets
import tempfile
from pathlib import Path

from measure import ROOT, Part, Ran, peak_mb, run, table, timed
from portcullis.crypto import canonical, sign_dsse
from portcullis.datafile import ENVELOPE_TYPE, Envelope
from portcullis.demo import make_cast
from portcullis.demo.cast import AGREEMENT, Cast
from portcullis.export import export_bundle
from portcullis.journal import AgreementRef, BatchRef, record, record_many, stamp, writer
from portcullis.model import LeafType
from portcullis.publish import publish
from portcullis.store import reading, schema, writing
from portcullis.synthetic import SIGNER

REFERENCE = 1_280_000


def received(cast: Cast, count: int) -> BatchRef:
    """One batch of `count` requests, as its leaf says."""
    home, a = cast.home, schema.agreement
    with reading(home.engine) as conn:
        terms = conn.execute(a.select()).mappings().one()
    batch = BatchRef("B-2026-000001", secrets.token_hex(16), AgreementRef(AGREEMENT, terms["version"], terms["hash"]), terms["rules_hash"])
    asked = Envelope(
        AGREEMENT,
        terms["version"],
        "6103(i)(2)",
        "mailing_address",
        "ICE",
        SIGNER,
        count,
        "00" * 32,
        secrets.token_hex(16),
        stamp(home.now()),
    )
    envelope = sign_dsse(cast.keys[SIGNER], ENVELOPE_TYPE, canonical(asked.payload()))
    fields = {"envelope": envelope, "engagements": "00" * 32, "count": count, "operator": home.settings.operator}
    with writing(home.engine) as conn:
        record(home, conn, LeafType.BATCH_RECEIVED, fields, batch=batch)
    return batch


def append(cast: Cast, batch: BatchRef, count: int, chunk: int) -> None:
    """One leaf a request, in chunks."""
    for start in range(0, count, chunk):
        part = min(chunk, count - start)
        write, drawn = writer(cast.home, LeafType.REQUEST_DECIDED, batch, ("id", "decision", "subject")), secrets.token_bytes(80 * part)
        rows = (drawn[at : at + 80] for at in range(0, len(drawn), 80))
        leaves = [(LeafType.REQUEST_DECIDED, batch.id, write(row[:16], row[16:48], row[48:])) for row in rows]
        with writing(cast.home.engine) as conn:
            record_many(conn, leaves)


def verified(title: str, ran: Ran, wanted: str) -> tuple[str, float, int, str]:
    """A row for a verifier's run."""
    return title, ran.seconds, ran.peak, "verified" if ran.code == 0 and wanted in ran.output else "DID NOT VERIFY"


def main() -> None:
    """Append, publish, export, verify, and print the seconds."""
    parser = argparse.ArgumentParser(description="Measure the ledger.")
    parser.add_argument("--scale", type=float, default=1.0, help="1 is 1.28 million leaves")
    parser.add_argument("--chunk", type=int, default=10_000, help="leaves in one transaction")
    asked = parser.parse_args()
    count, parts = max(1, round(REFERENCE * asked.scale)), list[Part]()
    with tempfile.TemporaryDirectory(prefix="portcullis-bench-") as folder:
        cast = make_cast(Path(folder) / "home")
        batch = received(cast, count)
        with timed(parts, "append"):
            append(cast, batch, count, asked.chunk)
        with timed(parts, "publish"):
            publish(cast.home)
        bundle = Path(folder) / "bundle"
        trust = bundle.with_name("bundle.trust.json")
        with timed(parts, "export a bundle"):
            export_bundle(cast.home, bundle, trust=trust)
        ours = run(["-m", "portcullis.cli.app", "ledger", "verify", bundle, "--trust", trust])
        theirs = run([ROOT / "verifier" / "verify.py", bundle, "--trust", trust])
    rows: list[tuple[str, float, int, str]] = [
        (part.name, part.seconds, peak_mb(), f"{count / part.seconds:,.0f} leaves/s") for part in parts
    ]
    rows.append(verified("`portcullis ledger verify`", ours, "VERIFIED"))
    rows.append(verified("`verifier/verify.py`", theirs, "VERIFIED"))
    print(f"{count:,} leaves of 512 bytes, in transactions of {asked.chunk:,}; SQLite, synchronous=FULL.\n")
    print(table(["part", "s", "peak MiB", ""], rows))
    both = sum(part.seconds for part in parts[:2])
    print(f"\nAppended and published in {both:.1f} s; the goal at scale 1 is under 60 s, and under 60 s for `ledger verify`.")


if __name__ == "__main__":
    main()
