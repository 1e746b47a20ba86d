"""The trust file: whose log it is, and whose agencies, obtained from elsewhere than the bundle.

{"origin", "log_vkey", "agency_roots": {agency: base64 key}, "witnesses": [vkey, …], "quorum": whole number}
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portcullis.crypto import canonical, decode64, encode64
from portcullis.errors import PortcullisError, Refused
from portcullis.ledger.note import COSIGNATURE, ED25519, NoteKey, parse_vkey

__all__ = ["Trust", "read_trust"]

_MEMBERS = {"origin", "log_vkey", "agency_roots", "witnesses", "quorum"}


@dataclass(frozen=True, slots=True)
class Trust:
    """The log's key, each agency's root key (32 bytes), the witnesses and how many of them must have signed."""

    log: NoteKey
    agency_roots: Mapping[str, bytes]
    witnesses: Sequence[NoteKey] = ()
    quorum: int = 0

    def text(self) -> bytes:
        """The file, as canonical JSON and a newline."""
        stated = {
            "origin": self.log.name,
            "log_vkey": self.log.vkey(),
            "agency_roots": {agency: encode64(public) for agency, public in self.agency_roots.items()},
            "witnesses": [witness.vkey() for witness in self.witnesses],
            "quorum": self.quorum,
        }
        return canonical(stated) + b"\n"


def _twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a member twice")
    return dict(pairs)


def read_trust(data: bytes) -> Trust:
    """Read a trust file; any spacing, but no member twice. Raises Refused when it is not one."""
    try:
        stated = json.loads(data.decode("utf-8"), object_pairs_hook=_twice)
        if set(stated) != _MEMBERS:
            raise ValueError("other members")
        trust = Trust(
            parse_vkey(stated["log_vkey"]),
            {agency: decode64(public, "A root key") for agency, public in stated["agency_roots"].items()},
            tuple(parse_vkey(witness) for witness in stated["witnesses"]),
            stated["quorum"],
        )
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError, PortcullisError) as error:
        raise _refused("It does not have exactly the members it needs, of their forms.") from error
    apart = min(len({w.public for w in trust.witnesses}), len({w.name for w in trust.witnesses}))
    if stated["origin"] != trust.log.name or trust.log.kind != ED25519 or any(w.kind != COSIGNATURE for w in trust.witnesses):
        raise _refused("Its keys are not of the kinds they must be, or not of that origin.")
    if any(len(root) != 32 for root in trust.agency_roots.values()) or apart != len(trust.witnesses):
        raise _refused("A root key is not 32 bytes, or two witnesses are one.")
    if isinstance(trust.quorum, bool) or not isinstance(trust.quorum, int) or not 0 <= trust.quorum <= len(trust.witnesses):
        raise _refused("Its quorum is not a number of its witnesses.")
    return trust


def _refused(why: str) -> Refused:
    return Refused("The trust file cannot be read.", why, "It has origin, log_vkey, agency_roots, witnesses and quorum; obtain it again.")
