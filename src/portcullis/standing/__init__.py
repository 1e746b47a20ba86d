"""May this agency, this officer, this vault receive at all: checked at receipt and again at dispatch."""

from portcullis.standing.agency import current, facts, set_standing, standing_content
from portcullis.standing.findings import change_content, findings, record_change, suspended, suspension_of, without_plan
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
    training,
)
from portcullis.standing.vaults import Vault, enrol_vault, revoke_vault, vault_content, vault_of

__all__ = [
    "OfficerRecord",
    "Vault",
    "change_content",
    "cleared_employee",
    "current",
    "eligible",
    "enrol_vault",
    "facts",
    "findings",
    "officer_content",
    "officer_record",
    "officer_records",
    "on_roster",
    "record_change",
    "record_officer",
    "revoke_vault",
    "set_standing",
    "standing_content",
    "suspended",
    "suspension_of",
    "trained",
    "training",
    "vault_content",
    "vault_of",
    "without_plan",
]
