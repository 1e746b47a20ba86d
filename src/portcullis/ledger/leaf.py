"""Leaves: one fact each, as canonical JSON padded to one of a few sizes, so that length tells nothing (ledger.md, "Leaves").

`pad` is a string of zeros that fills the leaf to 512 · 2^k bytes, at most 65,024 (a length is written in 16 bits). A type's smallest
size is in _SMALLEST, large enough that leaves of one type are of one size.

`template` writes the two bulk types, `request.decided` and `disclosure`, many times faster than the general encoder and, as tests hold,
byte for byte the same. `decode` reads strictly: one spelling, a known type, the type's members, zeros only in the pad.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from portcullis.crypto import canonical, strict_loads
from portcullis.errors import OutOfOrder, Refused, Tampered
from portcullis.ledger.members import REQUIRED, problem, seconds
from portcullis.model import LeafType

__all__ = ["SIZES", "Leaf", "decode", "encode", "template"]

SIZES: tuple[int, ...] = (512, 1024, 2048, 4096, 8192, 16384, 32768, 65024)
"""Bytes a leaf may have."""
VERSION = 1

_LARGE = {LeafType.BATCH_RECEIVED.value, LeafType.BATCH_REFUSED.value, LeafType.ORDER_LIFTED.value}
_BULK = {LeafType.REQUEST_DECIDED.value: 512, LeafType.DISCLOSURE.value: 1024}
_SMALLEST: Mapping[str, int] = {kind: _BULK.get(kind, 4096 if kind in _LARGE else 2048) for kind in REQUIRED}
_WIDTHS = {"hex16": 8, "hex32": 16, "hex64": 32}


@dataclass(frozen=True, slots=True)
class Leaf:
    """A decoded leaf: its type, its time in POSIX seconds, and its other members."""

    type: str
    time: int
    fields: Mapping[str, object]


def _size(kind: str, length: int, wanted: int | None) -> int:
    smallest = wanted or _SMALLEST[kind]
    for size in SIZES:
        if size >= smallest and size >= length and wanted in (None, size):
            return size
    raise OutOfOrder(f"A {kind} leaf of {length} bytes does not fit its size.", "The largest leaf has 65,024 bytes.")


def encode(kind: str, fields: Mapping[str, object], *, size_class: int | None = None) -> bytes:
    """The bytes of a leaf of type `kind`; `fields` holds `time` and the type's members.

    `size_class` asks for one exact size of SIZES. Raises OutOfOrder when the members are not the type's or do not fit.
    """
    body = {**fields, "type": kind, "v": VERSION}
    wrong = problem(body)
    if wrong or "pad" in fields:
        raise OutOfOrder(f"A {kind} leaf cannot be written:", f"{wrong or 'its padding is not given by the caller'}.")
    length = len(canonical({**body, "pad": ""}))
    return canonical({**body, "pad": "0" * (_size(kind, length, size_class) - length)})


def template(kind: str, fixed: Mapping[str, object], varying: Sequence[str]) -> Callable[..., bytes]:
    """A fast writer of leaves of one type that differ in few members.

    `fixed` holds all other members; `varying` names the rest, in the order in which the returned function takes their values. A
    hexadecimal member of the type is given as bytes of its width, any other as it is given to `encode`; of those there should be few
    different values. Raises OutOfOrder as `encode` does.
    """
    widths = {name: _WIDTHS[form] for name, form, _ in REQUIRED.get(kind, ()) if form in _WIDTHS and name in varying}
    hexes = [(i, widths[name], name) for i, name in enumerate(varying) if name in widths]
    others = [i for i, name in enumerate(varying) if name not in widths]
    forms: dict[tuple[object, ...], str] = {}

    def form(key: tuple[object, ...]) -> str:
        """A leaf with these codes and counts, as a format string with a gap for each hexadecimal member in their order in the leaf."""
        marks = {name: hashlib.sha256(name.encode()).hexdigest()[: 2 * width] for _, width, name in hexes}
        text = encode(kind, {**fixed, **{varying[i]: v for i, v in zip(others, key, strict=True)}, **marks}).decode().replace("%", "%%")
        for name, mark in marks.items():
            text = text.replace(f'"{name}":"{mark}"', f'"{name}":"%s"')
        return text

    hexes.sort(key=lambda each: each[2])  # members stand in the order of their names
    places = [(i, width) for i, width, _ in hexes]

    def write(*values: object) -> bytes:
        key = tuple([values[i] for i in others]) if others else ()
        if key not in forms:
            forms[key] = form(key)
        return (forms[key] % tuple([_hex(values[i], width) for i, width in places])).encode()

    return write


def _hex(value: object, width: int) -> str:
    if type(value) is not bytes or len(value) != width:
        raise OutOfOrder("A hexadecimal member of a leaf is not given as bytes of its width.")
    return value.hex()


_HEX = b'"([0-9a-f]{%d})"'
_CODE = rb"[A-Za-z0-9._:/+=@()-]{1,256}"
_AGREEMENT = rb'\{"hash":"([0-9a-f]{64})","id":"(' + _CODE + rb')","version":("' + _CODE + rb'"|0|[1-9][0-9]{0,14})\}'
_TAIL = rb'"time":"([0-9TZ:-]{20})","type":"%b","v":1\}'
_DECIDED = (
    rb'\{"agreement":' + _AGREEMENT + rb',"batch":' + _HEX % 32 + rb',"decision":' + _HEX % 64 + rb',"id":' + _HEX % 32
    + rb',"pad":"0*","rules":' + _HEX % 64 + rb',"subject":' + _HEX % 64 + b"," + _TAIL % b"request[.]decided"
)  # fmt: skip
_DISCLOSURE = (
    rb'\{"accounting":' + _HEX % 64 + rb',"agency":"(' + _CODE + rb')","agreement":' + _AGREEMENT + rb',"answer":' + _HEX % 64
    + rb',"batch":' + _HEX % 32 + rb',"elements":(0|[1-9][0-9]{0,14}),"pad":"0*","purpose":"(' + _CODE + rb')","request":'
    + _HEX % 32 + rb'(?:,"rules":' + _HEX % 64 + b")?," + _TAIL % b"disclosure"
)  # fmt: skip
_FAST: tuple[tuple[str, tuple[str, ...], re.Pattern[bytes]], ...] = (
    (
        LeafType.REQUEST_DECIDED.value,
        ("hash", "agreement_id", "version", "batch", "decision", "id", "rules", "subject", "time"),
        re.compile(_DECIDED),
    ),
    (
        LeafType.DISCLOSURE.value,
        ("accounting", "agency", "hash", "agreement_id", "version", "answer", "batch", "elements", "purpose", "request", "rules", "time"),
        re.compile(_DISCLOSURE),
    ),
)
"""The bulk types' own spelling: what matches is canonical and complete by construction."""


def decode(data: bytes) -> Leaf:
    """Read a leaf strictly. Raises Tampered, naming what is wrong but no value."""
    if len(data) not in SIZES:
        raise _wrong("its length is not one of the sizes")
    fast = _decode_bulk(data)
    if fast is not None:
        return fast
    try:
        body = strict_loads(data)
    except Refused as error:
        raise _wrong("it is not canonical JSON") from error
    if not isinstance(body, dict):
        raise _wrong("it is not an object")
    pad = body.pop("pad", None)
    if not isinstance(pad, str) or pad.strip("0"):
        raise _wrong("its padding is not zeros")
    if wrong := problem(body):
        raise _wrong(wrong)
    return Leaf(body["type"], seconds(body["time"]), body)


def _decode_bulk(data: bytes) -> Leaf | None:
    for kind, names, pattern in _FAST:
        found = pattern.fullmatch(data)
        if found is None:
            continue
        fields: dict[str, object] = {n: v.decode() for n, v in zip(names, found.groups(), strict=True) if v is not None}
        version = str(fields.pop("version"))
        agreement = {
            "hash": fields.pop("hash"),
            "id": fields.pop("agreement_id"),
            "version": version.strip('"') if version[0] == '"' else int(version),
        }
        fields |= {"agreement": agreement, "type": kind, "v": VERSION}
        if "elements" in fields:
            fields["elements"] = int(str(fields["elements"]))
        try:
            return Leaf(kind, seconds(str(fields["time"])), fields)
        except ValueError:
            raise _wrong("it has no valid time") from None
    return None


def _wrong(why: str) -> Tampered:
    return Tampered("A leaf cannot be read:", f"{why}.", "The ledger was changed, or written by another program.")
