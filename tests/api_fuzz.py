"""schemathesis against the API of a gateway on loopback, as described by docs/openapi.json (`make fuzz`).

    python tests/api_fuzz.py SCHEMATHESIS [--examples 40] [--seed 1]

A batch stands at three stations of the journey in turn; calls name numbers at random, and then that batch. Each answer must be one the
document knows: no status of 500 or more, the media types and bodies it describes, and methods it does not know are refused as such.
Afterwards the ledger still verifies, nothing was dispatched that was not committed, and the private folder is empty.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from api_server import SECRET, Served
from journey_home import stations
from portcullis.export import export_bundle
from portcullis.ledger.verify import verify
from portcullis.publish import publish

ROOT = Path(__file__).resolve().parents[1]
CHECKS = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance", "unsupported_method")
STATIONS = ("received", "committed", "dispatched")


def main() -> None:
    """Run every station, and say what was found."""
    parser = argparse.ArgumentParser(description="Fuzz the API by its document.")
    parser.add_argument("schemathesis", type=Path)
    parser.add_argument("--examples", type=int, default=40, help="of each call, at each station")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    good = True
    for station in STATIONS:
        for known in (False, True):
            with tempfile.TemporaryDirectory(prefix="portcullis-fuzz-") as folder:
                good &= fuzzed(asked, station, Path(folder), known=known)
    sys.exit(0 if good else 1)


def fuzzed(asked: argparse.Namespace, station: str, folder: Path, *, known: bool) -> bool:
    """One station; with `known` the calls name the batch that is there."""
    scene = stations("sqlite").copy(station, folder / "home")
    served = Served(scene, folder).start()
    try:
        print(f"A batch that is {station}, {'named' if known else 'numbers at random'}:", flush=True)
        code = _run(asked, served, folder, f'[parameters]\nbatch = "{scene.batch}"\n' if known else "")
    finally:
        served.stop()
    wrong = [] if code == 0 else [f"schemathesis ended with {code}"]
    left = list(scene.home.tmp.iterdir())
    wrong += [f"{len(left)} files were left in tmp/"] if left else []
    publish(scene.home)
    export_bundle(scene.home, folder / "bundle", trust=folder / "trust.json")
    if not verify(folder / "bundle", (folder / "trust.json").read_bytes())["verified"]:
        wrong.append("the ledger does not verify")
    scene.home.engine.dispose()
    print("; ".join(wrong) or "nothing was found", flush=True)
    return not wrong


def _run(asked: argparse.Namespace, served: Served, folder: Path, config: str) -> int:
    (folder / "schemathesis.toml").write_text(config, encoding="utf-8")
    mine = served.tls["ICE"]
    key = load_pem_private_key((mine / "certificate-key.pem").read_bytes(), SECRET)
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    words = [asked.schemathesis.resolve(), "--config-file", folder / "schemathesis.toml", "run", ROOT / "docs" / "openapi.json"]
    words += ["--url", f"https://localhost:{served.port}", "--tls-verify", served.tls["IRS"] / "ca.pem"]
    words += ["--request-cert", mine / "certificate.pem", "--request-cert-key", folder / "key.pem"]
    words += [
        "--checks",
        ",".join(CHECKS),
        "--max-examples",
        str(asked.examples),
        "--seed",
        str(asked.seed),
        "--phases",
        "examples,coverage,fuzzing",
    ]
    words += ["--no-color", "--generation-database", "none"]
    return subprocess.run([str(word) for word in words], cwd=folder, check=False).returncode


if __name__ == "__main__":
    main()
