"""Packing: from the agency's own data file to a signed batch folder.

1. The data file is copied first and read from the copy, so that what is signed is what is sent.
2. It is read as strictly as the gateway will read it: a file the gateway would refuse is not signed.
3. Each row gets 32 bytes of salt of its own; count and file root go into the envelope, the salts beside it.
4. The signer signs; the folder appears whole or not at all, readable by its owner alone.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from portcullis.crypto import SigningKey, canonical, sign_dsse
from portcullis.datafile import ENVELOPE_TYPE, Envelope, FileRoot, Limits, new_salts, read
from portcullis.datafile.folder import DATA, ENVELOPE, SALTS
from portcullis.errors import Refused

__all__ = ["Asking", "pack", "sign_envelope"]


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, under which agreement, for what: the members of an envelope that do not come from the data file.

    `nonce` is 32 hex digits never used before; `time` is RFC 3339 in UTC in whole seconds.
    """

    agreement_id: str
    agreement_version: int
    gate: str
    data_class: str
    agency: str
    signer: str
    nonce: str
    time: str
    delegation: str | None = None


def pack(
    data: Path,
    folder: Path,
    key: SigningKey,
    asking: Asking,
    *,
    limits: Limits | None = None,
    randomness: Callable[[int], bytes] = secrets.token_bytes,
) -> Envelope:
    """Make the batch folder of the data file `data`, signed with `key`, and give its envelope.

    Raises Refused when the data file is not acceptable, or something is at `folder` already.
    """
    if folder.exists():
        raise Refused("The batch cannot be packed there.", "Something is there already.", "Name an absent folder.")
    part = folder.with_name(f".{folder.name}.{secrets.token_hex(8)}")
    part.mkdir(mode=0o700, parents=True)
    try:
        copy = part / f"{DATA}{data.suffix.lower()}"
        _copy(data, copy)  # 1
        envelope, salts = _measure(copy, asking, limits or Limits(), randomness)  # 2, 3
        _write(part / SALTS, salts)
        _write(part / ENVELOPE, sign_envelope(key, envelope))  # 4
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return envelope


def sign_envelope(key: SigningKey, envelope: Envelope) -> bytes:
    """The content of `batch.json`. Raises Refused when a member has not the form it must have."""
    payload = canonical(envelope.payload())
    Envelope.parse(payload)
    return canonical(sign_dsse(key, ENVELOPE_TYPE, payload)) + b"\n"


def _measure(data: Path, asking: Asking, limits: Limits, randomness: Callable[[int], bytes]) -> tuple[Envelope, bytes]:
    salts = bytearray()
    root = FileRoot(salts)
    for batch in read(data, limits=limits):
        salts += new_salts(batch.num_rows, randomness)
        root.update(batch)
    envelope = Envelope(
        agreement_id=asking.agreement_id,
        agreement_version=asking.agreement_version,
        gate=asking.gate,
        data_class=asking.data_class,
        agency=asking.agency,
        signer=asking.signer,
        count=root.rows,
        root=root.digest().hex(),
        nonce=asking.nonce,
        time=asking.time,
        delegation=asking.delegation,
    )
    return envelope, bytes(salts)


def _copy(source: Path, target: Path) -> None:
    # A pipe or device in place of the data file would be waited for.
    if not source.is_file():
        raise Refused(
            "The data file cannot be opened.", "It is absent, or not an ordinary file.", "Name an existing file that you may read."
        )
    try:
        shutil.copyfile(source, target)
    except OSError as error:
        raise Refused(
            "The data file cannot be copied.", f"{error.strerror}.", "Name a file you may read, and a folder with room."
        ) from error
    target.chmod(0o600)


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
