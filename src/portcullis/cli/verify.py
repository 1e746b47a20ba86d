"""`portcullis-verify`: the independent verifier, run as the file it is, from wherever the package carries it."""

from __future__ import annotations

import runpy
from pathlib import Path

from portcullis.errors import OutOfOrder

__all__ = ["main", "verifier_file"]


def verifier_file() -> Path:
    """`verify.py`, inside the wheel or beside the source. Raises OutOfOrder when the installation lacks it."""
    package = Path(__file__).resolve().parent.parent
    for path in (package / "data" / "verify.py", package.parent.parent / "verifier" / "verify.py"):
        if path.is_file():
            return path
    raise OutOfOrder("The installation lacks the verifier.")


def main() -> None:
    """Run it with this command line's arguments."""
    runpy.run_path(str(verifier_file()), run_name="__main__")
