"""The agreement: loaded from its folder, validated, signed by both agencies, adopted, suspended, ended."""

from portcullis.agreement.adopt import adopt, adopted, end, propose, sign_agreement, suspend
from portcullis.agreement.load import Agreement, agreement_hash, find, load_agreement

__all__ = [
    "Agreement",
    "adopt",
    "adopted",
    "agreement_hash",
    "end",
    "find",
    "load_agreement",
    "propose",
    "sign_agreement",
    "suspend",
]
