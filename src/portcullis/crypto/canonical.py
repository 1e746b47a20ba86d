"""Canonical JSON (RFC 8785): one object, one spelling, so that equal things have equal bytes and equal hashes.

`strict_loads` accepts bytes only when
 1. they are UTF-8 JSON of bounded length and depth,
 2. the parsed value can be written: no number is NaN, infinite or outside the exactly representable integers,
 3. writing it gives the same bytes again. So other spellings of a value are refused, and so is a member named twice.

Strings, integers, truth values, lists and objects are written here, which is three times as fast as the library; floats are
left to `rfc8785`. Tests hold the two equal.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from json.encoder import encode_basestring
from typing import Any

import rfc8785

from portcullis.errors import OutOfOrder, Refused

__all__ = ["canonical", "strict_loads"]

_TEXT = encode_basestring
"""A string as JSON, nothing but quotes, backslashes and control characters escaped."""
_MAX_INTEGER = 2**53 - 1
_LIMIT = 16 << 20


def canonical(obj: object) -> bytes:
    """The RFC 8785 bytes of `obj`.

    Raises OutOfOrder when `obj` has no canonical form (a NaN, an integer beyond 2^53, a key that is not text).
    """
    try:
        return (_TEXT(obj) if type(obj) is str else _write(obj)).encode("utf-8")
    except (ValueError, TypeError, RecursionError) as error:
        raise OutOfOrder("A value has no canonical JSON form.", f"{type(error).__name__} while writing it.") from None


def strict_loads(data: bytes, *, limit: int = _LIMIT) -> object:
    """The value that the canonical bytes `data` spell.

    Raises Refused for anything that is not the one canonical spelling of a JSON value, or longer than `limit` bytes.
    """
    if len(data) > limit:
        raise _refused(f"it is longer than {limit} bytes")
    try:
        value = json.loads(data.decode("utf-8"))
        again = _write(value).encode("utf-8")
    except (ValueError, TypeError, RecursionError):
        raise _refused("it is not strict JSON in UTF-8 without duplicate members") from None
    if again != data:
        raise _refused("the same value is spelled another way than RFC 8785 spells it")
    return value


def _refused(why: str) -> Refused:
    return Refused("The JSON text is not canonical.", f"Checked strictly, {why}.", "Write it with a canonical JSON (RFC 8785) library.")


def _write(obj: object) -> str:
    if isinstance(obj, str):
        return _TEXT(obj)
    if obj is None:
        return "null"
    if isinstance(obj, bool):
        return "true" if obj else "false"
    if isinstance(obj, int):
        return _integer(int(obj))
    if isinstance(obj, (list, tuple)):
        return "[" + ",".join([_write(item) for item in obj]) + "]"
    if isinstance(obj, Mapping):
        return "{" + ",".join([_TEXT(key) + ":" + _write(obj[key]) for key in _sorted(obj)]) + "}"
    if isinstance(obj, float):
        return rfc8785.dumps(obj).decode("ascii")
    raise TypeError("no JSON type")


def _integer(value: int) -> str:
    if not -_MAX_INTEGER <= value <= _MAX_INTEGER:
        raise ValueError("integer beyond 2^53")
    return str(value)


def _sorted(obj: Mapping[Any, object]) -> list[str]:
    """RFC 8785 3.2.3 sorts by UTF-16 code units; for ASCII keys the ordinary order is the same."""
    for key in obj:
        if not isinstance(key, str):
            raise TypeError("a key is not text")
        if not key.isascii():
            return sorted(obj, key=lambda text: text.encode("utf-16-be"))
    return sorted(obj)
