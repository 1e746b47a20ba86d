"""The public version of a signed agreement: some parts shown, the others as black bars over their commitments.

`public_version` shows every part that is not hidden, with its salt. `check_public` believes a public version only when
 1. it is canonical JSON of exactly these members: one spelling, so that two readers cannot read two things,
 2. its document names only places that an agreement has, clauses without a gap, and one commitment of 32 bytes for each,
 3. everything shown opens the commitment of its own place under its own salt, and agreement.yaml, where shown whole, says the same,
 4. the two parties it names have each signed the hash of the document with its root key, as the act of signing an agreement of this log,
 5. with a trust file, those are the agencies' root keys and that is the log.
A bar therefore hides exactly what the two signed, whatever it is; and versions with one hash are one agreement, however much each shows.

What the rules are made of, the parties and what may leave cannot be hidden: hashes and codes of them stand in the ledger, unsalted, and
could be searched. Nor can a clause whose words stand in a part that is shown.

Source of the method: salted hashes per disclosed element, as in RFC 9901 (selective disclosure for JWTs); the encoding is our own.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from portcullis.agreement.content import FORMAT, TERMS, commitment, whole_terms
from portcullis.crypto import canonical, decode64, encode64, key_id_of, open_act, strict_loads
from portcullis.errors import PortcullisError, Refused, Tampered
from portcullis.ledger.trust import Trust

__all__ = ["PUBLIC", "Public", "check_public", "ordered", "public_version", "shown_in_ledger"]

PUBLIC = "portcullis-public-agreement-1"
_LIMIT = 64 << 20
_PLACE = re.compile(r"clause/[1-9][0-9]{0,3}|term/[a-z_]{1,64}|file/(?!\.)[^/\x00-\x1f]{1,255}(/[^/\x00-\x1f]{1,255}){0,8}")
_OPEN_TERMS = frozenset({"id", "version", "parties", "authority", "data", "sample", "zone", "lists", "thresholds", "switches"})
_WORDS = 12
"""Letters: a shorter text is found in other parts by chance."""


@dataclass(frozen=True, slots=True)
class Public:
    """A checked public version: `parts` maps place to commitment (base64), `shown` place to value; `authenticated` is check 5."""

    id: str
    version: int
    hash: str
    parts: Mapping[str, str]
    shown: Mapping[str, object]
    signed_by: Mapping[str, str]
    origin: str
    authenticated: bool

    @property
    def hidden(self) -> list[str]:
        """The places under a bar, in the order of the agreement."""
        return ordered(self.parts.keys() - self.shown.keys())


def ordered(places: Collection[str]) -> list[str]:
    """Clauses in their order, then terms, then files."""
    return sorted(places, key=lambda p: (p.split("/")[0], int(p[7:]) if p.startswith("clause/") else 0, p))


def shown_in_ledger(place: str) -> bool:
    """Whether what stands here could be searched for in the ledger, so that a bar over it would hide nothing."""
    return place.removeprefix("term/") in _OPEN_TERMS or place == "file/fields.yaml" or place.startswith("file/rules/")


def public_version(
    document: Mapping[str, Any],
    parts: Mapping[str, object],
    salts: Mapping[str, bytes],
    hidden: Collection[str],
    signatures: Mapping[str, Mapping[str, object]],
) -> bytes:
    """The file to publish; `signatures` maps an agency to its root key (base64) and act. Raises Refused where a bar would hide nothing."""
    hide = set(hidden)
    for place in ordered(hide):
        if place not in parts:
            raise Refused(
                "There is no such part in this agreement.", "A bar needs something to hide.", "See: portcullis agreement redact --help"
            )
        if shown_in_ledger(place):
            raise Refused(
                f"{place} cannot be hidden.", "The ledger holds its hash or its codes, and they could be searched.", "Leave it open."
            )
    if any(place.startswith(("clause/", "term/")) for place in hide):
        hide.add(TERMS)
    _refuse_repeated(parts, hide)
    opened = {place: {"salt": encode64(salts[place]), "value": value} for place, value in parts.items() if place not in hide}
    stated = {"document": document, "format": PUBLIC, "opened": opened, "signatures": signatures}
    return canonical(stated) + b"\n"


def _refuse_repeated(parts: Mapping[str, object], hide: Collection[str]) -> None:
    """A bar over words that stand elsewhere in what is shown hides nothing."""
    for place in ordered(hide):
        words = [text for text in _texts(parts[place]) if len(text) >= _WORDS] if place != TERMS and place.startswith("clause/") else []
        for other in ordered(parts.keys() - set(hide)):
            if any(word in text for word in words for text in _texts(parts[other])):
                raise Refused(
                    f"The words of {place} also stand in {other}.", "A bar over one of them hides nothing.", "Hide both, or neither."
                )


def _texts(value: object) -> list[str]:
    if isinstance(value, Mapping):
        return [text for each in value.values() for text in _texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in _texts(each)]
    return [" ".join(value.split())] if isinstance(value, str) else []


def check_public(data: bytes, trust: Trust | None = None) -> Public:
    """A public version that holds (1-5). Raises Tampered naming what does not."""
    try:
        body = strict_loads(data.removesuffix(b"\n"), limit=_LIMIT)  # 1
    except PortcullisError as error:
        raise _wrong("It is not written in the one way it can be.", error.why) from error
    if not isinstance(body, dict) or set(body) != {"document", "format", "opened", "signatures"} or body["format"] != PUBLIC:
        raise _wrong("It is not a public version of an agreement.", "It has other members, or another format.")
    document = _document(body["document"])  # 2
    shown = _shown(document, body["opened"])  # 3
    digest = hashlib.sha256(canonical(document)).hexdigest()
    parties = _parties(shown)
    signed = {agency: _signed(agency, stated, digest) for agency, stated in _members(body["signatures"], "signatures").items()}  # 4
    origins = {origin for _, origin in signed.values()}
    if signed.keys() != parties or len({root for root, _ in signed.values()}) != 2 or len(origins) != 1:
        raise _wrong("Its two parties have not both signed it.", "Each signs with a key of its own, in one log.")
    for agency, (root, origin) in signed.items() if trust else ():
        if trust and (trust.agency_roots.get(agency) != root or trust.log.name != origin):  # 5
            raise _wrong(f"It was not signed by {agency}, as the trust file knows it.", "The key or the log is another.")
    return Public(
        id=document["id"],
        version=document["version"],
        hash=digest,
        parts=document["parts"],
        shown=shown,
        signed_by={agency: encode64(root) for agency, (root, _) in sorted(signed.items())},
        origin=origins.pop(),
        authenticated=trust is not None,
    )


def _members(value: object, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(f"Its {what} cannot be read.", "They are not what they must be.")
    return value


def _document(stated: object) -> dict[str, Any]:
    """(2)"""
    document = _members(stated, "document")
    parts = _members(document.get("parts"), "parts")
    good = set(document) == {"format", "id", "version", "parts"} and document["format"] == FORMAT
    if not good or not isinstance(document["id"], str) or type(document["version"]) is not int:
        raise _wrong("Its document is not one of an agreement.", "It has other members, or another format.")
    for place, stated_commitment in parts.items():
        if not _PLACE.fullmatch(place) or len(_bytes(stated_commitment, "A commitment")) != 32:
            raise _wrong("Its document names a part that no agreement has.", "A place or a commitment has not the form of one.")
    clauses = sorted(int(place[7:]) for place in parts if place.startswith("clause/"))
    if clauses != list(range(1, len(clauses) + 1)) or TERMS not in parts:
        raise _wrong("Its document leaves out a part.", "Clauses are counted without a gap, and agreement.yaml is one of the files.")
    return document


def _shown(document: Mapping[str, Any], stated: object) -> dict[str, object]:
    """(3)"""
    shown: dict[str, object] = {}
    for place, opening in _members(stated, "openings").items():
        if place not in document["parts"] or not isinstance(opening, dict) or set(opening) != {"salt", "value"}:
            raise _wrong(f"{place} is shown and was never signed.", "The document has no commitment for it, or the opening is none.")
        salt = _bytes(opening["salt"], "A salt")
        committed = _bytes(document["parts"][place], "A commitment")
        found = commitment(salt, place, document["id"], document["version"], opening["value"]) if len(salt) == 32 else b""
        if not hmac.compare_digest(found, committed):
            raise _wrong(f"{place} is not what was signed there.", "What is shown does not open the commitment of its place.")
        shown[place] = opening["value"]
    if TERMS in shown and {p: v for p, v in shown.items() if not p.startswith("file/")} != _said(shown[TERMS]):
        raise _wrong("agreement.yaml says otherwise than the clauses beside it.", "The two were signed as one.")
    if [shown.get(f"term/{name}") for name in ("id", "version")] != [document["id"], document["version"]]:
        raise _wrong("It does not say which agreement it is.", "Its name and version are always shown, and are those of its document.")
    return shown


def _said(text: object) -> dict[str, object]:
    try:
        return whole_terms(str(text).encode())
    except Refused as error:
        raise _wrong("agreement.yaml in it cannot be read.", error.why) from error


def _parties(shown: Mapping[str, object]) -> set[str]:
    """The two agencies, which are never hidden."""
    parties = shown.get("term/parties")
    try:
        found = {str(parties[side]["code"]) for side in ("source", "recipient")} if isinstance(parties, dict) else set()
    except (KeyError, TypeError):
        found = set()
    if len(found) != 2:
        raise _wrong("It does not say whose agreement it is.", "The two parties are always shown.")
    return found


def _signed(agency: str, stated: object, digest: str) -> tuple[bytes, str]:
    """An agency's root key and the log it signed for (4)."""
    if not isinstance(stated, dict) or set(stated) != {"act", "root"}:
        raise _wrong(f"The signature of {agency} is none.", "It has an act and a root key.")
    root = _bytes(stated["root"], "A root key")
    try:
        act = open_act(stated["act"], lambda key_id: root if key_id == key_id_of(root) else None)
    except PortcullisError as error:
        raise _wrong(f"The signature of {agency} does not hold.", error.why) from error
    if (act.action, act.officer, act.content) != ("agreement.sign", f"root:{agency}", digest):
        raise _wrong(f"{agency} has signed something else.", "Its signature is not over this document.")
    return root, act.origin


def _bytes(value: object, what: str) -> bytes:
    try:
        return decode64(value, what)
    except Refused as error:
        raise _wrong(f"{what} in it cannot be read.", error.why) from error


def _wrong(what: str, why: str) -> Tampered:
    return Tampered(f"This is not what was signed. {what}", why, "Obtain the public version again from an agency that signed it.")
