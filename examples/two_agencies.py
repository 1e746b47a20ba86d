"""Two agencies, two processes, mutual TLS on loopback: a batch is sent, decided, taken and acknowledged. Everything is synthetic.

    python examples/two_agencies.py

The gateway and its worker are processes of the source agency; this process plays the people of both agencies with their own keys, and calls
the gateway only through `portcullis recipient`.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow.csv as pacsv

from portcullis import synthetic
from portcullis.crypto import save_key
from portcullis.demo.cast import make_cast, save_people
from portcullis.demo.play import authorize_all, check_sample, close_reviews
from portcullis.demo.run import truth_by_ordinal
from portcullis.ledger import NoteKey
from portcullis.registers import load_into

PROGRAM = [sys.executable, "-m", "portcullis.cli.app"]
OFFICER = "ICE-1001"


def main(folder: Path) -> None:
    """Play it in `folder`."""
    home = folder / "home"
    cast = make_cast(home, officers=[OFFICER])
    save_people(cast)
    people = home / "keys" / "people"
    small = synthetic.small()
    synthetic.write_register(small.register, folder / "register")
    load_into(cast.home, folder / "register")
    environment = {**os.environ, "PORTCULLIS_KEY_SECRET_FILE": str(home / "keys" / "demo-secret"), "PORTCULLIS_HOME": str(home)}

    def run(*words: object) -> str:
        done = subprocess.run([*PROGRAM, *map(str, words)], env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"portcullis {words[0]} {words[1]}: {done.stderr}")
        return done.stdout.strip()

    for agency in ("IRS", "ICE"):
        run(
            "key",
            "certificate",
            "--agency",
            agency,
            "--key",
            people / f"root-{agency}.json",
            "--out",
            folder / agency,
            "--name",
            "localhost",
        )
    (folder / "vkey").write_text(NoteKey(cast.home.settings.origin, cast.home.log_key.public).vkey())
    officer_key = folder / "officer.json"
    save_key(officer_key, cast.keys[OFFICER], (home / "keys" / "demo-secret").read_bytes())

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    tls = ["--certificate", folder / "IRS" / "certificate.pem", "--certificate-key", folder / "IRS" / "certificate-key.pem"]
    served = [*PROGRAM, "serve", "--port", port, *tls, "--client-authorities", folder / "ICE" / "ca.pem"]
    processes = [
        subprocess.Popen([str(word) for word in line], env=environment) for line in (served, [*PROGRAM, "worker", "--pause", "0.2"])
    ]
    calling = ("--gateway", f"localhost:{port}", "--tls", folder / "ICE", "--authority", folder / "IRS" / "ca.pem")
    try:
        rows = folder / "requests.csv"
        pacsv.write_csv(small.clean.requests, rows)
        run(
            "recipient",
            "pack",
            rows,
            "--out",
            folder / "batch",
            "--key",
            people / "ICE-0001.json",
            "--signer",
            "ICE-0001",
            "--agency",
            "ICE",
        )
        run(
            "recipient",
            "engage",
            folder / "batch",
            "--officer",
            OFFICER,
            "--key",
            officer_key,
            "--rows",
            f"1-{small.clean.requests.num_rows}",
        )
        _until(lambda: _listening(port))
        batch = json.loads(run("recipient", "send", folder / "batch", *calling, "--json"))["batch"]
        print(f"sent: {batch}")
        _until(lambda: _state(run, batch) in ("matched", "reviewed"))
        if _state(run, batch) == "matched":
            close_reviews(cast, batch)
        _until(lambda: _state(run, batch) == "reviewed")
        check_sample(cast, batch, truth_by_ordinal(small.clean))
        _until(lambda: json.loads(run("batch", "status", batch, "--json"))["awaiting"] == ["2 authorizations"])
        authorize_all(cast, batch)
        _until(lambda: json.loads(run("recipient", "state", batch, *calling, "--json"))["state"] == "committed")
        run("recipient", "fetch", batch, "--out", folder / "release", *calling)
        receipt = folder / "receipt.json"
        signed = ("--officer", OFFICER, "--key", officer_key, "--vkey", folder / "vkey", "--out", receipt)
        run("recipient", "acknowledge", folder / "release", *signed)
        run("recipient", "receipt", batch, receipt, *calling)
        print(run("recipient", "state", batch, *calling))
    finally:
        for process in processes:
            process.terminate()
            process.wait(20)


def _listening(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def _state(run: Callable[..., str], batch: str) -> str:
    return str(json.loads(run("batch", "status", batch, "--json"))["state"])


def _until(holds: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            sys.exit("It did not come to pass in time.")
        time.sleep(0.2)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="portcullis-two-") as where:
        main(Path(where))
