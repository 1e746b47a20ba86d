"""Every rule on every engine for many generated requests: how many were judged, and whether all engines agree to the bit.

    python benchmarks/conformance.py [--batches 1000]

Each batch has ten to thirty requests with unicode, control characters, nulls, extreme dates, huge numbers and look-alike digits. DuckDB,
SQLite and PostgreSQL are compared with the plain reference in Python (tests/rules/test_conformance.py).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from measure import ROOT


def main() -> None:
    """Run the tests at that size; their exit code is this one's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=1000)
    batches = str(parser.parse_args().batches)
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", "tests/rules/test_conformance.py"]
    raise SystemExit(subprocess.run(command, cwd=ROOT, env={**os.environ, "PORTCULLIS_CONFORMANCE": batches}, check=False).returncode)


if __name__ == "__main__":
    main()
