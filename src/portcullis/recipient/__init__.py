"""The other agency's side: pack a batch, engage its officers, file documents, open what comes back, acknowledge it, and what it owes then.

It shares with the gateway the formats and the keys, and nothing else: neither store nor ledger nor rules.
"""

from portcullis.recipient.acknowledge import acknowledge
from portcullis.recipient.attest import attest, read_drafts, sign_document
from portcullis.recipient.client import Gateway, Sent
from portcullis.recipient.engage import engage, packed_envelope, sign_engagement
from portcullis.recipient.filings import sign_filing
from portcullis.recipient.opening import Answer, open_answers
from portcullis.recipient.pack import Asking, pack, sign_envelope
from portcullis.recipient.recalled import flag, flagged, open_order
from portcullis.recipient.release import Arrived, receive

__all__ = [
    "Answer",
    "Arrived",
    "Asking",
    "Gateway",
    "Sent",
    "acknowledge",
    "attest",
    "engage",
    "flag",
    "flagged",
    "open_answers",
    "open_order",
    "pack",
    "packed_envelope",
    "read_drafts",
    "receive",
    "sign_document",
    "sign_engagement",
    "sign_envelope",
    "sign_filing",
]
