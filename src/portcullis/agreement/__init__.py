"""The agreement: loaded from its folder, validated, signed by both agencies, adopted, suspended, ended."""

from portcullis.agreement.adopt import adopt, adopted, end, propose, sign_agreement, suspend
from portcullis.agreement.content import agreement_hash
from portcullis.agreement.law import kept_version, law_on
from portcullis.agreement.load import Agreement, find, load_agreement
from portcullis.agreement.switches import positions, switch_changes, switch_content, turn_switch

__all__ = [
    "Agreement",
    "adopt",
    "adopted",
    "agreement_hash",
    "end",
    "find",
    "kept_version",
    "law_on",
    "load_agreement",
    "positions",
    "propose",
    "sign_agreement",
    "suspend",
    "switch_changes",
    "switch_content",
    "turn_switch",
]
