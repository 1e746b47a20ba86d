"""The people of the demonstration, by pseudonymous id only: eight at the source agency, signers and officers at the recipient's."""

from __future__ import annotations

from dataclasses import dataclass

from portcullis.model import Role

__all__ = ["OFFICER_LOAD", "RECIPIENT", "SIGNER", "SOURCE_AGENCY", "DemoPerson", "officers", "people"]

SOURCE_AGENCY, RECIPIENT = "IRS", "ICE"
SIGNER = "ICE-0001"
"""Who signs the recipient's envelopes."""
OFFICER_LOAD = 80
"""Subjects per engaged officer in a lawful batch [I]: below the threshold of 100 (R27)."""
_ROLES = (Role.OPERATOR, Role.REVIEWER, Role.REVIEWER, Role.AUTHORIZER, Role.AUTHORIZER, Role.COUNSEL, Role.SAFEGUARDS, Role.OVERSEER)


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """One person: id, agency, roles."""

    id: str
    agency: str
    roles: tuple[Role, ...]


def people(source: str = SOURCE_AGENCY) -> tuple[DemoPerson, ...]:
    """IRS-0001 to IRS-0008, or of another source agency: an operator, two reviewers, two authorizers, counsel, safeguards, overseer."""
    return tuple(DemoPerson(f"{source}-{number:04d}", source, (role,)) for number, role in enumerate(_ROLES, start=1))


def officers(requests: int) -> tuple[DemoPerson, ...]:
    """As many officers of the recipient (ICE-1001 on) as `requests` need at `OFFICER_LOAD` each."""
    count = -(-requests // OFFICER_LOAD)
    return tuple(DemoPerson(f"{RECIPIENT}-{1000 + number}", RECIPIENT, (Role.OFFICER,)) for number in range(1, count + 1))
