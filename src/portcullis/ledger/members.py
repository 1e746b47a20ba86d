"""The members of a leaf: what each type must have, and what any value in a leaf may be (ledger.md, "Leaves").

Every leaf has `type`, `v` (1), `time` (UTC, whole seconds) and `pad`. Where they apply: `agreement` (hash, id, version), `batch`
(its random id), `rules` (hash of the rule set). A type's own members stand in REQUIRED as `name:kind`; a kind ending in `?` may be
null or absent. More members may stand beside them, but no value anywhere is free text: strings are codes, hashes, base64 or times
without a space, numbers are whole. So a full name, an address or a reason cannot enter a leaf even by mistake.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache

from portcullis.crypto import canonical
from portcullis.crypto.webauthn import PASSKEY_MEMBERS
from portcullis.model import LeafType

__all__ = ["AFTERWARDS", "REQUIRED", "is_code", "problem", "seconds"]

L = LeafType
AFTERWARDS: Mapping[LeafType, str] = {
    **dict.fromkeys((L.OBLIGATION_NOTICED, L.OBLIGATION_WITHDRAWN, L.OBLIGATION_ASKED, L.OBLIGATION_LOGGED), "officer signer"),
    **dict.fromkeys((L.OBLIGATION_CERTIFIED, L.OBLIGATION_WITNESSED, L.RECALL_ACKNOWLEDGED), "officer signer"),
    **dict.fromkeys((L.RECALL_CERTIFIED, L.RECALL_WITNESSED), "officer signer"),
    **dict.fromkeys((L.OBLIGATION_ANSWERED, L.RECALL_OPENED, L.RECALL_CLOSED), "safeguards"),
    **dict.fromkeys((L.INCIDENT_IDENTIFIED, L.INCIDENT_REPORTED, L.INCIDENT_TOLD, L.INCIDENT_CLOSED), "safeguards"),
    **dict.fromkeys((L.ACCOUNTING_ASKED, L.ACCOUNTING_DETERMINED, L.ACCOUNTING_RELEASED, L.ACCOUNTING_CONTESTED), "counsel"),
    L.ACCOUNTING_REVIEWED: "counsel",
    **dict.fromkeys((L.ORDER_SERVED, L.ORDER_PERMITTED, L.ORDER_ENDED), "counsel"),
    L.ORDER_ACKNOWLEDGED: "",
    L.INCIDENT_DETERMINED: "counsel",
    L.OBLIGATION_DECIDED: "authorizer counsel safeguards",
}
"""What is done after a release or about an order, and who signs it (empty: anybody enrolled): an act whose action is the leaf's type, over
the leaf's member `about`."""

_REQUIRED: Mapping[LeafType, str] = {
    L.KEY_ENROLLED: "agency:code person:code roles:codes key:public key_id:hex16 webauthn:passkey? act:dsse",
    L.KEY_REVOKED: "key_id:hex16 from:time? act:dsse",
    L.AGREEMENT_PROPOSED: "agreement:agreement",
    L.AGREEMENT_SIGNED: "agreement:agreement agency:code root:key act:dsse",
    L.AGREEMENT_IN_FORCE: "agreement:agreement witnesses:witnesses?",
    L.AGREEMENT_SUSPENDED: "agreement:agreement act:dsse",
    L.AGREEMENT_ENDED: "agreement:agreement act:dsse",
    L.VAULT_ENROLLED: "agency:code vault:code thumbprint:code act:dsse",
    L.VAULT_REVOKED: "agency:code vault:code act:dsse",
    L.ROSTER_CHANGED: "agency:code content:hex64 act:dsse",
    L.STANDING_CHANGED: "agency:code act:dsse",
    L.RULES_CHANGED: "agreement:agreement switch:code position:code dated:code acts:dsses",
    L.REGISTER_LOADED: "",
    L.REPORT_PUBLISHED: "",
    L.ORDER_IMPOSED: "order:code scope:scope court_time:time act:dsse",
    L.ORDER_LIFTED: "order:code acts:dsses",
    L.ORDER_REACHED: "batch:hex32 order:code court_time:time",
    L.BATCH_RECEIVED: "batch:hex32 agreement:agreement envelope:dsse engagements:hex64 count:count",
    L.BATCH_REFUSED: "batch:hex32 envelope:dsse? rule:code reason:code entries:count",
    L.BATCH_CLOSED: "batch:hex32 received:count deficient:count answered:count other:count",
    L.BATCH_BLOCKED: "batch:hex32 why:code",
    L.REQUEST_DECIDED: "batch:hex32 agreement:agreement rules:hex64 id:hex32 decision:hex64 subject:hex64",
    L.REVIEW_RECORDED: "batch:hex32 request:hex64 act:dsse",
    L.SAMPLE_COMMITTED: "k:count commitment:hex64 act:dsse",
    L.SAMPLE_REVEALED: "batch:hex32 k:count r:hex64",
    L.SAMPLE_DRAWN: "batch:hex32 k:count decisions_root:hex64 checkpoint_size:count checkpoint_root:hex64 "
    "seed:hex64 n:count positions:hex64",
    L.SAMPLE_PASSED: "batch:hex32 decisions_root:hex64 checked:count defects:count act:dsse",
    L.SAMPLE_FAILED: "batch:hex32 decisions_root:hex64 checked:count defects:count act:dsse",
    L.SAMPLE_ABORTED: "batch:hex32 k:count why:code",
    L.RELEASE_AUTHORIZED: "batch:hex32 agreement:agreement rules:hex64 root:hex64 act:dsse",
    L.RELEASE_COMMITTED: "batch:hex32 agreement:agreement rules:hex64 root:hex64 answers:count sealed_root:hex64",
    L.RELEASE_DISPATCHED: "batch:hex32 agreement:agreement rules:hex64 root:hex64 committed:count checkpoint:head cosigned:cosigned?",
    L.RELEASE_WITHHELD: "batch:hex32 root:hex64 why:code",
    L.AUTHORIZATION_VOIDED: "batch:hex32 root:hex64 why:code",
    L.DISCLOSURE: "batch:hex32 agreement:agreement request:hex32 answer:hex64 accounting:hex64 agency:code purpose:code elements:count",
    L.RECEIPT: "batch:hex32 act:dsse",
    L.INSPECTION: "who:code why:code command:code act:dsse?",
    L.LEDGER_RECOVERED: "size:count root:hex64 act:dsse",
    L.DISPOSAL: "batch:hex32 what:code act:dsse",
    L.HOLD_PLACED: "hold:code scope:scope act:dsse",
    L.HOLD_LIFTED: "hold:code act:dsse",
    L.RECALL_ORDERED: "matter:code custodian:code records:count sealed:codes",
    L.FILING_REFUSED: "kind:code reason:code",
    **dict.fromkeys(AFTERWARDS, "matter:code about:about stops_from:time? act:dsse"),
}

MAX_INTEGER = 2**53 - 1
_CODE = re.compile(r"[A-Za-z0-9._:;,/+=@()-]{1,256}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{4,}={0,2}")
_TYPE = re.compile(r"application/[a-z0-9.+-]{1,80}")
_SITE = re.compile(r"https?://[a-z0-9.-]{1,253}(?::[0-9]{1,5})?")
_RP_ID = re.compile(r"[a-z0-9.-]{1,253}")
_SCOPE = {"agencies", "agreements", "batches", "gates", "persons", "statutes"}
_SIGNED = ({"keyid", "sig"}, PASSKEY_MEMBERS)


@lru_cache(maxsize=4096)
def seconds(stamp: str) -> int:
    """POSIX seconds of a leaf's time. Raises ValueError when it is not a time in the one form."""
    if not _TIME.fullmatch(stamp):
        raise ValueError("not a time")
    return int(datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())


def _text(pattern: str) -> Callable[[object], bool]:
    matches = re.compile(pattern).fullmatch
    return lambda value: isinstance(value, str) and matches(value) is not None


def _is_time(value: object) -> bool:
    try:
        return isinstance(value, str) and seconds(value) >= 0
    except ValueError:
        return False


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_INTEGER


def _is_dsse(value: object) -> bool:
    if not isinstance(value, Mapping) or set(value) != {"payload", "payloadType", "signatures"}:
        return False
    signatures = value["signatures"]
    one = signatures[0] if isinstance(signatures, list) and len(signatures) == 1 else None
    texts = [value["payload"], *(one.values() if isinstance(one, Mapping) and set(one) in _SIGNED else [None])]
    return all(isinstance(t, str) and _BASE64.fullmatch(t) for t in texts) and bool(_TYPE.fullmatch(str(value["payloadType"])))


def _is_agreement(value: object) -> bool:
    if not isinstance(value, Mapping) or set(value) != {"hash", "id", "version"}:
        return False
    return _KINDS["hex64"](value["hash"]) and is_code(value["id"]) and (is_code(value["version"]) or _is_count(value["version"]))


def _is_passkey(value: object) -> bool:
    if not isinstance(value, Mapping) or set(value) != {"alg", "origins", "rp_id"}:
        return False
    rp_id, origins = value["rp_id"], value["origins"]
    sites = isinstance(origins, list) and bool(origins) and all(isinstance(o, str) and _SITE.fullmatch(o) for o in origins)
    return value["alg"] in ("ES256", "EdDSA") and sites and isinstance(rp_id, str) and _RP_ID.fullmatch(rp_id) is not None


def _is_scope(value: object) -> bool:
    """Lists of codes, each not empty; a member that is null or absent limits nothing."""
    return isinstance(value, Mapping) and set(value) <= _SCOPE and all(v is None or (bool(v) and is_codes(v)) for v in value.values())


def _is_head(value: object) -> bool:
    return isinstance(value, Mapping) and set(value) == {"root", "size"} and _KINDS["hex64"](value["root"]) and _is_count(value["size"])


def _is_witnesses(value: object) -> bool:
    """How many cosignatures an agreement asks for, and of which keys; none named counts any."""
    if not isinstance(value, Mapping) or set(value) != {"keys", "quorum"} or not _is_count(value["quorum"]):
        return False
    return value["keys"] == [] or is_codes(value["keys"])


def _is_cosigned(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(_is_cosignature(item) for item in value)


def _is_cosignature(value: object) -> bool:
    if not isinstance(value, Mapping) or set(value) != {"root", "signature", "size", "witness"} or not is_code(value["witness"]):
        return False
    return _is_head({"root": value["root"], "size": value["size"]}) and _text(_BASE64.pattern)(value["signature"])


def is_code(value: object) -> bool:
    """Whether it is text that may stand in a leaf."""
    return isinstance(value, str) and _CODE.fullmatch(value) is not None


def is_codes(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(is_code(item) for item in value)


_KINDS: Mapping[str, Callable[[object], bool]] = {
    "hex16": _text("[0-9a-f]{16}"),
    "hex32": _text("[0-9a-f]{32}"),
    "hex64": _text("[0-9a-f]{64}"),
    "key": _text("[A-Za-z0-9+/]{43}="),
    "public": _text("(?:[A-Za-z0-9+/]{43}|[A-Za-z0-9+/]{87})="),
    "passkey": _is_passkey,
    "code": is_code,
    "codes": is_codes,
    "count": _is_count,
    "time": _is_time,
    "dsse": _is_dsse,
    "dsses": lambda value: isinstance(value, list) and bool(value) and all(_is_dsse(item) for item in value),
    "agreement": _is_agreement,
    "scope": _is_scope,
    "head": _is_head,
    "witnesses": _is_witnesses,
    "cosigned": _is_cosigned,
    "about": lambda value: isinstance(value, Mapping) and bool(value),
}

REQUIRED: Mapping[str, tuple[tuple[str, str, bool], ...]] = {
    kind.value: tuple((m.partition(":")[0], m.partition(":")[2].rstrip("?"), m.endswith("?")) for m in text.split())
    for kind, text in _REQUIRED.items()
}
"""For each type: its members as (name, kind, may be absent)."""

_COMMON = (("agreement", "agreement"), ("batch", "hex32"), ("rules", "hex64"))
_NAME = re.compile(r"[a-z][a-z_0-9]*")
_PLAIN = re.compile(rb'[A-Za-z0-9._:;,/+=@(){}\[\]"-]+')
"""What the canonical JSON of any member is made of: no space, no escape, nothing outside ASCII."""


def _is_plain(value: object) -> bool:
    """Whether a value has no text that somebody could read, and no fraction."""
    if isinstance(value, float):
        return False
    if isinstance(value, Mapping):
        return all(_is_plain(item) for item in value.values())
    return all(_is_plain(item) for item in value) if isinstance(value, list) else True


def problem(fields: Mapping[str, object]) -> str | None:
    """What is wrong with the members of a leaf (its `pad` left out), or None. Names members, never their values."""
    kind = fields.get("type")
    if not isinstance(kind, str) or kind not in REQUIRED:
        return "its type is unknown"
    if fields.get("v") != 1 or isinstance(fields["v"], bool):
        return "its version is unknown"
    if not _is_time(fields.get("time")):
        return "it has no valid time"
    for name, value in fields.items():
        if not _NAME.fullmatch(name):
            return "a member has no proper name"
        if not _PLAIN.fullmatch(canonical(value)) or not _is_plain(value):
            return f"its member {name!r} is not of a form that may stand in a leaf"
    for name, form in _COMMON:
        if name in fields and not _KINDS[form](fields[name]):
            return f"its member {name!r} is not of the right form"
    for name, form, optional in REQUIRED[kind]:
        value = fields.get(name)
        if not (optional and value is None) and not _KINDS[form](value):
            return f"its member {name!r} is missing or not of the right form"
    return None
