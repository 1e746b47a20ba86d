"""Who had which key at which place in the log, and whether an act counts there (ledger.md, verifier step 3).

An act counts when
 1. it is a strict DSSE envelope with one signature,
 2. by the agency's root key, or by a key that the root had enrolled and not revoked at this place,
 3. by a key enrolled in a role the act asks for,
 4. for this log, this action, this content, this agreement, by the person of the key,
 5. not expired when it was recorded, and its nonce never used before in this log.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from portcullis.crypto import Lookup, Passkey, can_sign, key_id_of, open_act, open_dsse, signer_of
from portcullis.errors import PortcullisError, Tampered
from portcullis.ledger.acts import ACTS, act_content
from portcullis.ledger.leaf import Leaf
from portcullis.model import Act

__all__ = ["Key", "People", "broken"]

Envelope = Mapping[str, Any]


def broken(step: int, what: str, why: str) -> Tampered:
    """What the verifier raises: the step that does not hold, and what that means."""
    return Tampered(what, why, code=str(step))


@dataclass(frozen=True, slots=True)
class Key:
    """One person's key: where it was enrolled, and where and from when it was revoked. `passkey` is set when it is one."""

    key_id: str
    agency: str
    person: str
    roles: tuple[str, ...]
    key: str
    public: bytes
    enrolled: int
    revoked: int | None = None
    revoked_from: str | None = None
    passkey: Mapping[str, object] | None = None

    @property
    def verifies(self) -> bytes | Passkey:
        """What its signatures are checked with."""
        p: Mapping[str, Any] | None = self.passkey
        return self.public if p is None else Passkey(self.public, p["alg"], p["rp_id"], tuple(p["origins"]))

    def told(self) -> dict[str, object]:
        """As `keys.json` tells it."""
        names = ("agency", "enrolled", "key", "key_id", "person", "revoked", "revoked_from")
        webauthn = {} if self.passkey is None else {"webauthn": dict(self.passkey)}
        return {name: getattr(self, name) for name in names} | {"roles": list(self.roles)} | webauthn


class People:
    """The keys and the acts of one log, leaf by leaf."""

    def __init__(self, origin: str, roots: Mapping[str, bytes]) -> None:
        self.origin, self.roots = origin, roots
        self.keys: dict[str, Key] = {}
        self._nonces: set[str] = set()
        self.used: dict[str, list[tuple[int, int, str]]] = {}
        """By key: leaf, time and leaf's type of each act it signed."""
        self.at = (0, 0, "")
        """Index, time and type of the leaf that is being judged."""

    @property
    def acts(self) -> int:
        """How many acts were checked."""
        return len(self._nonces)

    def enrol(self, index: int, leaf: Leaf, public: bytes) -> None:
        """`key.enrolled`: once, under its own id, signed by the agency's root."""
        f: Mapping[str, Any] = leaf.fields
        if f["agency"] not in self.roots:
            raise broken(3, "A key was enrolled for an agency without a root key.", "Nobody outside knows this agency.")
        if key_id_of(public) != f["key_id"] or f["key_id"] in self.keys:
            raise broken(3, "A key was enrolled twice, or under another key's id.", "One key would stand for two people.")
        passkey = f.get("webauthn")
        key = Key(f["key_id"], f["agency"], f["person"], tuple(f["roles"]), f["key"], public, index, passkey=passkey)
        if not can_sign(public, "EdDSA" if passkey is None else passkey["alg"]):
            raise broken(3, "A key was enrolled that is none.", "No signature could be checked with it.")
        self.check_root(leaf, f["agency"])
        self.keys[f["key_id"]] = key

    def revoke(self, index: int, leaf: Leaf) -> Key:
        """`key.revoked`: from here on the key signs nothing."""
        f: Mapping[str, Any] = leaf.fields
        key = self.keys.get(f["key_id"])
        if key is None or key.revoked is not None:
            raise broken(3, "A key was revoked that was not enrolled.", "The history of keys is not whole.")
        self.check_root(leaf, key.agency)
        self.keys[key.key_id] = replace(key, revoked=index, revoked_from=f.get("from"))
        return self.keys[key.key_id]

    def check_root(self, leaf: Leaf, agency: str) -> None:
        """The leaf's act is the agency root's."""
        rule = ACTS[leaf.type]
        root = self.roots.get(agency)
        act = self._open(leaf.fields["act"], lambda key_id: root if root and key_id == key_id_of(root) else None)
        self._counts(leaf, act, rule.action, act_content(leaf.type, leaf.fields), f"root:{agency}")

    def check(self, leaf: Leaf) -> Key:
        """The leaf's act is one that ACTS asks for; returns whose key signed."""
        rule = ACTS[leaf.type]
        return self.check_act(leaf, leaf.fields["act"], rule.action, rule.roles or (), act_content(leaf.type, leaf.fields))[0]

    def check_act(self, leaf: Leaf, envelope: object, action: str | None, roles: Collection[str], content: str | None) -> tuple[Key, Act]:
        """Whose key signed an act, and the act; `action` or `content` None asks for none in particular, no roles for anybody enrolled."""
        key = self._signer(envelope, roles)
        act = self._open(envelope, lambda key_id: key.verifies)
        self.used.setdefault(key.key_id, []).append(self.at)
        self._counts(leaf, act, action, content, key.person)
        return key, act

    def check_statement(self, envelope: object, roles: Collection[str], payload_type: str) -> tuple[Key, bytes]:
        """Whose key signed another statement (a batch's envelope), and its payload."""
        key = self._signer(envelope, roles)
        self.used.setdefault(key.key_id, []).append(self.at)
        try:
            return key, open_dsse(envelope, lambda key_id: key.verifies, payload_type)
        except PortcullisError as error:
            raise broken(3, "A signed statement in the leaf is not good.", error.why) from error

    def _signer(self, envelope: object, roles: Collection[str]) -> Key:
        try:
            key = self.keys.get(signer_of(envelope))
        except PortcullisError as error:
            raise broken(3, "A signed statement in the leaf is malformed.", error.why) from error
        if key is None:
            raise broken(3, "The act is signed by a key that no agency root had enrolled.", "Nobody answers for it.")
        if key.revoked is not None:
            raise broken(3, f"The act is signed by a key revoked at leaf {key.revoked}.", "It did not count any more at this place.")
        if roles and not set(roles) & set(key.roles):
            raise broken(3, f"The act needs the role {' or '.join(sorted(roles))}.", "Its key was not enrolled for it.")
        return key

    def _open(self, envelope: object, lookup: Lookup) -> Act:
        try:
            return open_act(envelope, lookup)
        except PortcullisError as error:
            raise broken(3, "The act in the leaf is not good.", error.why) from error

    def _counts(self, leaf: Leaf, act: Act, action: str | None, content: str | None, person: str) -> None:
        agreement = leaf.fields.get("agreement")
        agreements = {"", agreement["id"], agreement["hash"]} if isinstance(agreement, Mapping) else {""}
        elsewhere = "A signature given elsewhere does not count here."
        for ok, what in (
            (act.origin == self.origin, "The act was signed for another log."),
            (action in (None, act.action), "The act was signed for another action."),
            (content in (None, act.content), "The act was signed over other content."),
            (act.officer == person, "The act names another person than its key."),
            (act.agreement in agreements, "The act was signed under another agreement."),
        ):
            if not ok:
                raise broken(3, what, elsewhere)
        if act.expires < leaf.time:
            raise broken(3, "The act had expired when it was recorded.", "Nobody had signed it at that time.")
        if act.nonce in self._nonces:
            raise broken(3, "The act was used before.", "A signature counts once.")
        self._nonces.add(act.nonce)
