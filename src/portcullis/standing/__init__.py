"""May this agency, this officer, this vault receive at all: checked at receipt and again at dispatch."""

from portcullis.standing.agency import current, facts, set_standing, standing_content
from portcullis.standing.people import (
    OfficerRecord,
    cleared_employee,
    eligible,
    officer_content,
    officer_record,
    officer_records,
    on_roster,
    record_officer,
    trained,
)
from portcullis.standing.vaults import Vault, enrol_vault, revoke_vault, vault_content, vault_of

__all__ = [
    "OfficerRecord",
    "Vault",
    "cleared_employee",
    "current",
    "eligible",
    "enrol_vault",
    "facts",
    "officer_content",
    "officer_record",
    "officer_records",
    "on_roster",
    "record_officer",
    "revoke_vault",
    "set_standing",
    "standing_content",
    "trained",
    "vault_content",
    "vault_of",
]
