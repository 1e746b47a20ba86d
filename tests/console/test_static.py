"""The vendored files are those that were published, and a page of this console can load nothing else."""

from __future__ import annotations

import hashlib
from pathlib import Path

STATIC = Path(__file__).resolve().parents[2] / "src" / "portcullis" / "console" / "static"
OWN = {"console.css", "passkey.js", "icon.svg", "SHA256SUMS", "NOTICE"}


def test_every_vendored_file_has_its_hash() -> None:
    listed = dict(reversed(line.split("  ")) for line in (STATIC / "SHA256SUMS").read_text(encoding="ascii").splitlines())
    there = {path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.is_file()}
    assert there - OWN == set(listed)
    assert {name: hashlib.sha256((STATIC / name).read_bytes()).hexdigest() for name in listed} == listed


def test_our_own_script_and_style_load_nothing() -> None:
    for name in ("console.css", "passkey.js"):
        text = (STATIC / name).read_text(encoding="utf-8")
        assert "http" not in text and "url(" not in text and "import" not in text.replace("!important", "")
