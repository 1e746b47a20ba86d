"""Matching: exactly one person on the register, or nobody, and why (R30-R38, matching.md).

info = load_register(source, destination, mapping)      # prepare a register once
register = open_register(destination)                    # checked against its own hashes
facts = match.match(prepare_requests(raw), register)     # match facts, one row a request
reasons = explain.explain(request, register)             # why, in words, without a value
"""

from __future__ import annotations

from portcullis.matching.load import RegisterInfo, load_register
from portcullis.matching.register import Register, open_register
from portcullis.matching.requests import prepare_requests

__all__ = ["Register", "RegisterInfo", "load_register", "open_register", "prepare_requests"]
