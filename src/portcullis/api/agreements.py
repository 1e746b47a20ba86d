"""`/v1/agreements`: what is public of the agreements: parties, authority, what may leave, and the rules with their citations."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel
from sqlalchemy import RowMapping, select

from portcullis.agreement import adopted
from portcullis.api.peers import HomeOf
from portcullis.api.problems import Problem
from portcullis.api.view import PROBLEMS
from portcullis.store import reading, schema

__all__ = ["router"]

router = APIRouter(tags=["agreements"], responses=PROBLEMS)
_EPOCH = date(1970, 1, 1)


class AgreementLine(BaseModel):
    """One version of one agreement."""

    id: str
    version: int
    hash: str
    state: str
    valid_from: date
    valid_to: date | None


class PublicRule(BaseModel):
    """A rule by its title and its source in the law."""

    id: str
    title: str
    citation: str


class PublicAgreement(AgreementLine):
    """The public part of the version in force."""

    title: str
    source: str
    recipient: str
    gate: str
    data_class: str
    permitted: list[str]
    purposes: list[str]
    rules: list[PublicRule]


def _day(day: int) -> date:
    return _EPOCH + timedelta(days=day)


@router.get("/agreements", response_model=list[AgreementLine], operation_id="agreements")
def agreements(home: HomeOf) -> list[AgreementLine]:
    """Every version of every agreement of this gateway."""
    a = schema.agreement
    with reading(home.engine) as conn:
        rows = conn.execute(select(a).order_by(a.c.id, a.c.version)).mappings().all()
    return [_line(row) for row in rows]


def _line(row: RowMapping) -> AgreementLine:
    ends = None if row["valid_to"] is None else _day(row["valid_to"])
    named = {name: row[name] for name in ("id", "version", "hash", "state")}
    return AgreementLine(**named, valid_from=_day(row["valid_from"]), valid_to=ends)


@router.get("/agreements/{agreement}", response_model=PublicAgreement, operation_id="agreement")
def agreement(agreement: Annotated[str, Path(max_length=64)], home: HomeOf) -> PublicAgreement:
    """The version in force: parties, authority, what may leave, rules."""
    with reading(home.engine) as conn:
        found = adopted(home, conn, agreement)
    if found is None:
        raise Problem(404, "No agreement of that name is in force.")
    return PublicAgreement(
        id=found.id,
        version=found.version,
        hash=found.hash,
        state="in_force",
        valid_from=_day(found.valid_from),
        valid_to=None if found.valid_to is None else _day(found.valid_to),
        title=found.title,
        source=found.source,
        recipient=found.recipient,
        gate=found.gate,
        data_class=found.data_class,
        permitted=sorted(found.permitted),
        purposes=sorted(found.purposes),
        rules=[PublicRule(id=rule.id, title=rule.title, citation=rule.citation) for rule in found.rules.rules],
    )
