"""Signing on the command line: a key file of the person who types, opened with the secret of this environment."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import typer

from portcullis.crypto import SigningKey, load_key, secret_from_env
from portcullis.errors import Refused
from portcullis.home import DEMO_SECRET, Home
from portcullis.officers import sign

__all__ = ["ExpiresOption", "KeyOption", "instant", "load_signing_key", "secret_of", "sign_here"]

_LAST_SECOND = 253_402_300_799  # of the year 9999

KeyOption = typer.Option(..., "--key", help="The key file of the person who acts.", exists=True, dir_okay=False)
ExpiresOption = typer.Option(24, "--hours", help="For how many hours the signature stands.", min=1, max=72)


def secret_of(home: Path | None) -> bytes:
    """The secret key files are encrypted under: of this environment, or a demo home's own."""
    demo = home / "keys" / DEMO_SECRET if home else None
    return demo.read_bytes().strip() if demo and demo.is_file() else secret_from_env()


def load_signing_key(path: Path, home: Path | None) -> SigningKey:
    """An Ed25519 key file. Raises Refused for a key of another kind."""
    key = load_key(path, secret_of(home))
    if not isinstance(key, SigningKey):
        raise Refused(f"{path.name} is not a signing key.", "It is a vault's key.", "Name the key file of the person who signs.")
    return key


def sign_here(home: Home, key: Path, person: str, action: str, content: str, agreement: str = "", hours: int = 24) -> dict[str, object]:
    """Sign one act with a key file."""
    signing = load_signing_key(key, home.path)
    return sign(home.settings.origin, signing, person, action, content, agreement, home.now() + hours * 3600)


def instant(text: str) -> int:
    """An RFC 3339 time or a date as whole seconds UTC. Raises a usage error for anything else."""
    try:
        when = datetime.fromisoformat(text.replace("Z", "+00:00"))
        seconds = int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError) as error:
        raise typer.BadParameter("a time is written as 2026-11-21T10:00:00Z") from error
    if not 0 <= seconds <= _LAST_SECOND:
        raise typer.BadParameter("a time lies between the years 1970 and 9999")
    return seconds
