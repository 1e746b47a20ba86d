"""The HTTP API measured from another process, over mutual TLS on loopback. Prints Markdown.

    python benchmarks/api.py [--seconds 20] [--clients 8] [--rows 1280000] [--store sqlite postgresql] [--no-upload]

1. Signed batches of one request, each with its own envelope, salts, engagement and idempotency key, sent in a closed loop: every client
   sends its next batch when the last was answered. `portcullis serve --processes 2` runs as it ships, beside the clients' process and
   the database. Every commit reaches the disk. Counted are batches that were answered 202, and in the end the ledger's own entries.
2. One batch of `--rows` requests, streamed; the most memory the server's process ever held is read from the kernel.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import secrets
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
from sqlalchemy import func, select

from measure import ROOT, machine, table

sys.path.insert(0, str(ROOT / "tests"))

import pg_cluster
from portcullis import synthetic
from portcullis.crypto import authority, issue
from portcullis.datafile import Engagement, Envelope, FileRoot, new_salts, ranges_of
from portcullis.datafile.columns import SCHEMA
from portcullis.demo.cast import Cast, make_cast
from portcullis.home import secret_of
from portcullis.journal import stamp
from portcullis.model import DATA_COLUMNS, LeafType
from portcullis.recipient import Asking, Gateway, pack, sign_engagement
from portcullis.recipient.pack import sign_envelope
from portcullis.store import open_store, reading, schema

GOAL = 200
PER_OFFICER = 40
_WORKER = "--as-client"


@dataclass(frozen=True)
class Place:
    """A gateway that is served: its home, its port, the machines' certificates, the server's process."""

    cast: Cast
    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    def gateway(self) -> Gateway:
        """The recipient's client."""
        mine = self.folder / "ICE"
        return Gateway("localhost", self.port, mine / "certificate.pem", mine / "key.pem", self.folder / "IRS" / "ca.pem", self.secret)

    @property
    def secret(self) -> bytes:
        """What the machines' keys are encrypted under."""
        return secret_of(self.cast.home.path)

    def processor(self) -> float:
        """Seconds of processor time the server, and its own processes, have used."""
        ticks = 0
        for one in [self.process.pid, *_children(self.process.pid)]:
            fields = Path(f"/proc/{one}/stat").read_text(encoding="ascii").rpartition(") ")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def peak_mb(self) -> int:
        """The most memory the server has held, in MiB."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) >> 10


@contextmanager
def served(folder: Path, store: str, officers: Sequence[str], processes: int = 1) -> Iterator[Place]:
    """A new home of two agencies, served by `portcullis serve` in a process of its own."""
    cast = make_cast(folder / "home", store=store, officers=officers)
    secret = secret_of(cast.home.path)
    for agency in ("IRS", "ICE"):
        here, root, now = folder / agency, cast.roots[agency], int(time.time())
        here.mkdir()
        certificate, key = issue(root, agency, ["localhost"], now, 30, secret)
        (here / "ca.pem").write_bytes(authority(root, agency, now))
        (here / "certificate.pem").write_bytes(certificate)
        (here / "key.pem").write_bytes(key)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["serve", "--home", cast.home.path, "--port", str(port), "--certificate", folder / "IRS" / "certificate.pem"]
    words += ["--certificate-key", folder / "IRS" / "key.pem", "--client-authorities", folder / "ICE" / "ca.pem"]
    words += ["--processes", str(processes)]
    with subprocess.Popen([Path(sys.executable).with_name("portcullis"), *words], stderr=subprocess.DEVNULL) as process:
        try:
            _await(port)
            yield Place(cast, folder, port, process)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
            cast.home.engine.dispose()


def _children(process: int) -> list[int]:
    found = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
    return [int(one) for one in found.split()]


def _await(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    sys.exit("The server did not begin to answer.")


def forms(cast: Cast, number: int, officers: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """So many signed batches of one request: idempotency key and multipart body, all different."""
    rows = synthetic.small().clean.requests
    terms = cast.agreement
    of, key = (terms.id, terms.version), cast.keys[cast.signer]
    for at in range(number):
        row = rows.slice(at % rows.num_rows, 1).set_column(0, "request_id", pa.array([f"R-{at:08d}"]))
        data = pa.BufferOutputStream()
        pacsv.write_csv(row, data)
        part = pa.table({"ordinal": pa.array([1]), **{name: row[name] for name in DATA_COLUMNS}}).cast(SCHEMA).combine_chunks()
        salts = new_salts(1)
        root = FileRoot(salts)
        root.update(part.to_batches()[0])
        nonce = secrets.token_hex(16)
        asking = (terms.gate, terms.data_class, cast.recipient, cast.signer, 1, root.digest().hex(), nonce, stamp(cast.home.now()))
        names = ("gate", "data_class", "agency", "signer", "count", "root", "nonce", "time")
        envelope = Envelope(agreement_id=of[0], agreement_version=of[1], delegation=None, **dict(zip(names, asking, strict=True)))
        officer = officers[at // PER_OFFICER]
        engaged = sign_engagement(cast.keys[officer], Engagement(*of, nonce, envelope.root, officer, ranges_of([1])))
        parts = (("envelope", "batch.json", sign_envelope(key, envelope)), ("salts", "salts.bin", salts))
        parts += (("engagements", "engagements.jsonl", engaged), ("data", "data.csv", data.getvalue().to_pybytes()))
        yield nonce, _form(parts)


def _form(parts: Sequence[tuple[str, str, bytes]]) -> bytes:
    one = '--b0undary\r\nContent-Disposition: form-data; name="{}"; filename="{}"\r\n\r\n'
    return b"".join(one.format(name, file).encode() + data + b"\r\n" for name, file, data in parts) + b"--b0undary--\r\n"


@dataclass
class Loop:
    """A closed loop of clients over one pile of batches; runs in the clients' process."""

    told: dict[str, str]
    pile: list[tuple[str, bytes]]
    until: float
    seconds: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def client(self) -> None:
        """One client: a kept connection, one batch after the other."""
        context = ssl.create_default_context(cafile=self.told["ca"])
        context.load_cert_chain(self.told["certificate"], self.told["key"], password=self.told["secret"])
        connection = http.client.HTTPSConnection("localhost", int(self.told["port"]), context=context, timeout=60)
        while time.monotonic() < self.until:
            with self.lock:
                if not self.pile:
                    return
                key, body = self.pile.pop()
            begun = time.perf_counter()
            headers = {"Content-Type": "multipart/form-data; boundary=b0undary", "Idempotency-Key": key}
            connection.request("POST", "/v1/batches", body, headers)
            answer = connection.getresponse()
            answer.read()
            took = time.perf_counter() - begun
            with self.lock:
                self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
                self.seconds.append(took)


def as_client(told: dict[str, str]) -> None:
    """The clients' process: sends what lies in the folder, and prints what came of it."""
    pile = [(path.name, path.read_bytes()) for path in sorted(Path(told["pile"]).iterdir())]
    loop = Loop(told, pile, time.monotonic() + float(told["for"]))
    begun = time.monotonic()
    clients = [threading.Thread(target=loop.client) for _ in range(int(told["clients"]))]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    print(json.dumps({"took": time.monotonic() - begun, "seconds": loop.seconds, "statuses": loop.statuses, "left": len(loop.pile)}))


def one_request_batches(folder: Path, store: str, seconds: float, clients: int, processes: int) -> list[object]:
    """One row of the table: a store, what it accepted in a second, and the quantiles of its answers."""
    wanted = int(seconds * GOAL * 1.6)
    officers = [f"ICE-{2000 + number}" for number in range(-(-wanted // PER_OFFICER))]
    with served(folder, store, officers, processes) as place:
        pile = folder / "pile"
        pile.mkdir()
        for key, body in forms(place.cast, wanted, officers):
            (pile / key).write_bytes(body)
        told = {"ca": str(folder / "IRS" / "ca.pem"), "certificate": str(folder / "ICE" / "certificate.pem")}
        told |= {"key": str(folder / "ICE" / "key.pem"), "secret": place.secret.decode(), "port": str(place.port), "pile": str(pile)}
        told |= {"clients": str(clients), "for": str(seconds)}
        used = place.processor()
        ran = subprocess.run([sys.executable, __file__, _WORKER], input=json.dumps(told).encode(), capture_output=True, check=True)
        found = json.loads(ran.stdout)
        used = place.processor() - used
        entries = _entries(place)
    took, times = found["took"], sorted(found["seconds"])
    accepted = found["statuses"].get("202", 0)
    others = sum(count for status, count in found["statuses"].items() if status != "202")
    if entries != accepted:
        sys.exit(f"{accepted} batches were accepted, and {entries} are in the ledger.")
    at = [times[min(len(times) - 1, int(len(times) * q))] * 1000 for q in (0.5, 0.99)]
    if not found["left"]:
        sys.exit("The pile of batches ran dry; the clients waited for nothing.")
    return [accepted, others, accepted / took, *at, times[-1] * 1000, used / max(accepted, 1) * 1000]


def _entries(place: Place) -> int:
    engine = open_store(place.cast.home.settings.store_url or f"sqlite:///{place.cast.home.path / 'store.db'}")
    leaf = schema.leaf
    with reading(engine) as conn:
        count = int(conn.execute(select(func.count()).where(leaf.c.type == LeafType.BATCH_RECEIVED.value)).scalar_one())
    engine.dispose()
    return count


def upload(folder: Path, rows: int) -> list[object]:
    """One large batch over the wire: rows, MiB sent, seconds, the server's peak before and after."""
    officers = [f"ICE-{10_000 + number}" for number in range(-(-rows // 80))] if rows <= 1_000 else ["ICE-10000"]
    with served(folder, "", officers) as place:
        data = folder / "rows.csv"
        _write_rows(data, rows)
        terms, cast = place.cast.agreement, place.cast
        nonce = secrets.token_hex(16)
        asking = Asking(terms.id, terms.version, terms.gate, terms.data_class, cast.recipient, cast.signer, nonce, stamp(cast.home.now()))
        envelope = pack(data, folder / "batch", cast.keys[cast.signer], asking)
        statement = Engagement(terms.id, terms.version, nonce, envelope.root, officers[0], ranges_of(range(1, rows + 1)))
        (folder / "batch" / "engagements.jsonl").write_bytes(sign_engagement(cast.keys[officers[0]], statement))
        size = sum(path.stat().st_size for path in (folder / "batch").iterdir()) >> 20
        before, begun = place.peak_mb(), time.perf_counter()
        sent = place.gateway().send(folder / "batch", nonce)
        took = time.perf_counter() - begun
        assert (sent.state, sent.count) == ("received", rows), sent
        return [rows, size, took, before, place.peak_mb()]


def _write_rows(path: Path, rows: int) -> None:
    """A CSV of so many synthetic requests, written in pieces."""
    piece = synthetic.small().clean.requests
    names = piece.column_names
    with pacsv.CSVWriter(path, piece.schema) as writer:
        for start in range(0, rows, piece.num_rows):
            here = piece.slice(0, min(piece.num_rows, rows - start))
            ids = pa.array([f"R-{start + at:09d}" for at in range(here.num_rows)])
            writer.write_table(here.set_column(names.index("request_id"), "request_id", ids))


def main() -> None:
    """Measure, and print."""
    if _WORKER in sys.argv:
        return as_client(json.loads(sys.stdin.read()))
    parser = argparse.ArgumentParser(description="Measure the HTTP API.")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--processes", type=int, default=2, help="of the server")
    parser.add_argument("--rows", type=int, default=1_280_000)
    parser.add_argument("--store", nargs="*", choices=["sqlite", "postgresql"], default=["sqlite", "postgresql"])
    parser.add_argument("--no-upload", action="store_true")
    asked = parser.parse_args()
    print(f"{machine()}; server, clients and database share them. Load before: {os.getloadavg()[0]:.1f}.\n")
    rows = []
    for store in asked.store:
        cluster = pg_cluster.start(durable=True) if store == "postgresql" and pg_cluster.why_not() is None else None
        if store == "postgresql" and cluster is None:
            print(f"PostgreSQL not measured: {pg_cluster.why_not()}\n")
            continue
        try:
            with tempfile.TemporaryDirectory(prefix="portcullis-bench-") as folder:
                url = cluster.url() if cluster else ""
                rows.append([store, *one_request_batches(Path(folder), url, asked.seconds, asked.clients, asked.processes)])
        finally:
            if cluster is not None:
                cluster.stop()
    head = [
        "store",
        "accepted, in the ledger",
        "other answers",
        "a second",
        "median, ms",
        "99 of 100, ms",
        "longest, ms",
        "server's processor a batch, ms",
    ]
    if rows:
        print(table(head, rows))
    if not asked.no_upload:
        with tempfile.TemporaryDirectory(prefix="portcullis-bench-") as folder:
            print()
            print(
                table(
                    ["rows in one upload", "MiB", "s until answered", "peak before, MiB", "peak after, MiB"],
                    [upload(Path(folder), asked.rows)],
                )
            )


if __name__ == "__main__":
    main()
