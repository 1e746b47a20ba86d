"""Sealing an order that goes to a custodian: which records to stop using and destroy, and nothing of what is in them.

1. An order has only the members of an order; its records are numbers the recipient has already.
2. It is sealed to the agency's vault like an answer, in parts of one size, each bound to the matter and to its own random id.
3. What binds the parts to each other is signed by the gateway's log key.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from portcullis.crypto import SigningKey, canonical, sign_dsse
from portcullis.crypto.jwe import MAX_SIZE
from portcullis.crypto.seal import seal
from portcullis.errors import OutOfOrder
from portcullis.exchange.order import ORDER_TYPE, PART, Order
from portcullis.release.commit import sealed_hash
from portcullis.standing import Vault

__all__ = ["seal_order"]


def seal_order(log_key: SigningKey, vault: Vault, order: Order, spans: Sequence[tuple[str, list[int]]]) -> tuple[bytes, list[str]]:
    """The file of one custodian's order, and the SHA-256 (hex) of each sealed part. `spans` are (batch, [first, last])."""
    if len(spans) == 0:  # 1
        raise OutOfOrder("An order about no record cannot be made.")
    parts, hashes = [], []
    for start in range(0, len(spans), PART):
        records: dict[str, list[list[int]]] = {}
        for batch, span in spans[start : start + PART]:
            records.setdefault(batch, []).append(span)
        part: Mapping[str, Any] = {"custodian": order.custodian, "matter": order.matter, "records": records}
        jwe = seal(part, vault.jwk, {"batch": order.matter, "request": secrets.token_hex(16), "vault": vault.id}, MAX_SIZE)  # 2
        parts.append(jwe)
        hashes.append(sealed_hash(jwe).hex())
    signed = sign_dsse(log_key, ORDER_TYPE, canonical(order.payload(hashes)))  # 3
    return canonical({"order": signed, "sealed": parts}) + b"\n", hashes
