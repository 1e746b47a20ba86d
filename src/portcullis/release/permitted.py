"""Which data elements may leave for each request (R36): those the agreement permits and, where it says so, the cited document names.

Read from the agreement, the documents and the rows as received, each time anew: whoever prepares the answers and whoever examines them
before a release ask here, and neither relies on the other.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from sqlalchemy import Connection

from portcullis import evidence
from portcullis.agreement import Agreement
from portcullis.home import Home
from portcullis.intake.document_facts import document_keys

__all__ = ["Permitted", "permitted_in"]

Permitted = Callable[[int], frozenset[str]]
"""Ordinal → the elements that may leave for that request."""


def permitted_in(home: Home, conn: Connection, batch_id: str, agreement: Agreement) -> Permitted:
    """What may leave for each request of a batch. Raises Tampered when its evidence was changed."""
    terms = agreement.document
    if terms is None or not terms.limits_elements:
        return lambda _: agreement.permitted
    named = {
        one["document_key"]: _named(agreement, json.loads(one["stated"]))
        for one in evidence.read(home, conn, batch_id, "documents").to_pylist()
        if one["kind"] == terms.kind and one["signed"]
    }
    raw = evidence.read(home, conn, batch_id, "raw", columns=["ordinal", terms.cited_by])
    cited = dict(zip(raw["ordinal"].to_pylist(), document_keys(raw, terms.cited_by).to_pylist(), strict=True))
    return lambda ordinal: named.get(cited.get(ordinal), frozenset())


def _named(agreement: Agreement, stated: Mapping[str, object]) -> frozenset[str]:
    """The permitted elements that a document names, by themselves or by their group; what is not held is not there to be given."""
    words = stated.get("elements", [])
    assert isinstance(words, list)  # noqa: S101 - the document was parsed at receipt
    whole = frozenset().union(*(agreement.groups.get(word, frozenset({word})) for word in words))
    return whole & agreement.permitted
