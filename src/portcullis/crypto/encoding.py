"""Base64 with one spelling only: decoded text must encode to the same text again, so slack bits and line breaks are refused."""

from __future__ import annotations

import base64
import binascii

from portcullis.errors import Refused

__all__ = ["decode64", "decode64url", "encode64", "encode64url"]


def encode64(data: bytes) -> str:
    """Standard base64 with padding."""
    return base64.b64encode(data).decode("ascii")


def decode64(text: object, what: str) -> bytes:
    """The bytes of strict standard base64. Raises Refused naming `what`."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True) if isinstance(text, str) else None
    except (UnicodeEncodeError, binascii.Error):
        data = None
    if data is None or encode64(data) != text:
        raise _refused(what)
    return data


def encode64url(data: bytes) -> str:
    """URL-safe base64 without padding (RFC 7515)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode64url(text: object, what: str) -> bytes:
    """The bytes of strict URL-safe base64 without padding. Raises Refused naming `what`."""
    try:
        data = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)) if isinstance(text, str) else None
    except (UnicodeEncodeError, binascii.Error):
        data = None
    if data is None or encode64url(data) != text:
        raise _refused(what)
    return data


def _refused(what: str) -> Refused:
    return Refused(
        f"{what} is not strict base64.", "It is damaged, or spelled in a second way.", "Ask for it again from where it was made."
    )
