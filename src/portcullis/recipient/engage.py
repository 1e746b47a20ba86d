"""Engaging: an officer's own signature over the requests he or she is personally and directly engaged in (R26).

1. The folder is whole, and its envelope has the form of one (signed by the signer, where the signer's key is given).
2. Rows and salts give the root that stands in the envelope: the officer signs what is there to be read.
3. The ordinals lie within the batch, and the officer has not signed in this folder before.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

from portcullis.crypto import Lookup, SigningKey, canonical, decode64, open_dsse, read_dsse, sign_dsse
from portcullis.datafile import (
    ENGAGEMENT_LIMIT,
    ENGAGEMENT_TYPE,
    ENVELOPE_TYPE,
    BatchFolder,
    Engagement,
    Envelope,
    FileRoot,
    ranges_of,
    read,
    read_engagements,
    read_salts,
)
from portcullis.datafile.folder import ENGAGEMENTS
from portcullis.datafile.read import open_plain
from portcullis.errors import Refused

__all__ = ["engage", "packed_envelope", "replace_file", "sign_engagement"]

_MAX_ENVELOPE = 1 << 20


def engage(
    folder: Path, key: SigningKey, officer: str, ordinals: Iterable[int], *, signers: Lookup | None = None, write: bool = True
) -> Engagement:
    """Add the engagement of `officer`, signed with `key`, to the batch folder; checks 1 to 3. Raises Refused.

    Without `write` everything is checked and the folder stays as it is.
    """
    parts = BatchFolder.find(folder)
    envelope = packed_envelope(parts, signers)  # 1
    _check_root(parts, envelope)  # 2
    engagement = Engagement(
        agreement_id=envelope.agreement_id,
        agreement_version=envelope.agreement_version,
        nonce=envelope.nonce,
        root=envelope.root,
        officer=officer,
        ranges=ranges_of(_within(ordinals, envelope.count)),
    )
    line = sign_engagement(key, engagement)
    engagement.check(envelope)  # 3
    before = b""
    if parts.engagements is not None:
        known = list(read_engagements(parts.engagements, envelope, _unverified))
        if any(other.officer == officer for _, other in known):
            raise Refused(
                "This officer has engaged in this batch already.",
                "An officer signs one statement a batch.",
                "Pack the batch anew to change it.",
            )
        before = b"".join(line for line, _ in known)
    if write:
        replace_file(folder / ENGAGEMENTS, before + line)
    return engagement


def _within(ordinals: Iterable[int], count: int) -> Iterator[int]:
    """The ordinals, as long as they are rows of the batch: ten million typed for a batch of ten are not held in memory."""
    for ordinal in ordinals:
        yield ordinal
        if ordinal > count:  # the engagement refuses it; what follows changes nothing
            return


def packed_envelope(parts: BatchFolder, signers: Lookup | None = None) -> Envelope:
    """The envelope of a batch folder, verified where `signers` gives the signer's key. Raises Refused."""
    with open_plain(parts.envelope) as file:
        statement = read_dsse(file.read(_MAX_ENVELOPE))
    payload = open_dsse(statement, signers, ENVELOPE_TYPE) if signers else decode64(statement["payload"], "The payload")
    return Envelope.parse(payload)


def sign_engagement(key: SigningKey, engagement: Engagement) -> bytes:
    """One line of `engagements.jsonl`. Raises Refused when a member has not the form it must have."""
    payload = canonical(engagement.payload())
    Engagement.parse(payload)
    if len(payload) > ENGAGEMENT_LIMIT:
        raise Refused("The engagement is too long.", f"It has more than {ENGAGEMENT_LIMIT} bytes.", "Name rows that lie together.")
    return canonical(sign_dsse(key, ENGAGEMENT_TYPE, payload)) + b"\n"


def _unverified(line: bytes) -> bytes:
    """Other officers' lines are only read here; the gateway verifies them."""
    return decode64(read_dsse(line, limit=2 * ENGAGEMENT_LIMIT)["payload"], "The payload")


def _check_root(parts: BatchFolder, envelope: Envelope) -> None:
    root = FileRoot(read_salts(parts.salts, envelope.count))
    for batch in read(parts.data):
        root.update(batch)
    if root.rows != envelope.count or root.digest().hex() != envelope.root:
        raise Refused("The rows are not those that were packed.", "Their count or root differs from the envelope.", "Pack the batch again.")


def replace_file(path: Path, content: bytes) -> None:
    """Write a file of the batch folder, whole or not at all, readable by its owner alone."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
