"""Opening answers: for one named officer, in the agency's vault, each opening on record first (R46, R48).

An answer is shown only when
 1. it decrypts under the vault key, and its header binds it to this batch and its request,
 2. its content has exactly the members of an answer, of this batch and agreement, and an address or identity only when it discloses,
 3. its ordinal lies within the batch, is not one of the deficient rows, and no other answer has it,
 4. the officer is among those it names; answers for other officers are counted and not shown,
 5. a line in the access log is on disk: who opened which request when, and no personal value,
 6. it does not stand on the no-use list: what was recalled is never opened again (R53).
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from portcullis.crypto import AgreementKey, canonical, open_sealed
from portcullis.errors import Refused
from portcullis.model import ADDRESS_FIELDS, IDENTITY_FIELDS, Decision
from portcullis.recipient.release import Arrived

__all__ = ["Answer", "open_answers"]

_MEMBERS = {"ordinal", "decision", "agreement", "batch", "officers", "purpose", "use_until"}
_DECISIONS = {Decision.DISCLOSE.value, Decision.CONFIRM.value, Decision.DENY.value}
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Answer:
    """One opened answer. `address` has the mailing-address fields, only when the decision is `disclose`; `identity` whatever else the
    agreement and the cited document permit."""

    request: str
    ordinal: int
    decision: str
    address: Mapping[str, str] | None
    officers: tuple[str, ...]
    purpose: str
    use_until: str
    identity: Mapping[str, str] = field(default_factory=dict)


def open_answers(
    arrived: Arrived,
    vault_key: AgreementKey,
    *,
    officer: str,
    agreement: str,
    access_log: Path,
    time: str,
    no_use: Collection[tuple[str, int]] = (),
) -> Iterator[Answer]:
    """Every answer that names `officer`; checks 1 to 6. `agreement` is the id of the agreement the batch was sent under.

    All answers are opened and checked before the first is shown. Raises Refused.
    """
    found = [answer for answer in _open_all(arrived, vault_key, agreement) if officer in answer.officers]  # 4
    found = [answer for answer in found if (arrived.answer.batch, answer.ordinal) not in no_use]  # 6
    return _shown(iter(found), arrived.answer.batch, officer, access_log, time)


def _open_all(arrived: Arrived, vault_key: AgreementKey, agreement: str) -> Iterator[Answer]:
    batch = arrived.answer.batch
    taken = {ordinal for ordinal, _ in arrived.answer.deficient}
    for request, token in arrived.sealed():
        body = open_sealed(token, vault_key, expect={"batch": batch, "request": request})  # 1
        answer = _answer(request, body)
        stated = str(body["agreement"]).split("/")[0]
        if body["batch"] != batch or stated != agreement:  # 2
            raise _refused("It is of another batch or agreement.")
        if not 1 <= answer.ordinal <= arrived.answer.count or answer.ordinal in taken:  # 3
            raise _refused("It is for a row that has another answer, or none.")
        taken.add(answer.ordinal)
        yield answer


def _answer(request: str, body: Mapping[str, object]) -> Answer:
    decision, ordinal, officers, address = body.get("decision"), body.get("ordinal"), body.get("officers"), body.get("address")
    identity = body.get("identity", {})
    known = body.keys() - {"address", "identity"} == _MEMBERS and decision in _DECISIONS
    if not known or (decision == Decision.DISCLOSE) != ("address" in body) or (identity and decision != Decision.DISCLOSE):  # 2
        raise _refused("It has not the members of an answer.")
    texts = [body[name] for name in ("agreement", "batch", "purpose", "use_until")]
    if not isinstance(ordinal, int) or isinstance(ordinal, bool) or not isinstance(officers, list) or not _texts([*officers, *texts]):
        raise _refused("A member of it is of another type.")
    if "address" in body and (not isinstance(address, dict) or address.keys() - set(ADDRESS_FIELDS) or not _texts(address.values())):
        raise _refused("Its address has other members than a mailing address.")
    if not isinstance(identity, dict) or identity.keys() - set(IDENTITY_FIELDS) or not _texts(identity.values()):
        raise _refused("Its identity has members that no answer has.")
    return Answer(
        request=request,
        ordinal=ordinal,
        decision=str(decision),
        address=dict(address) if isinstance(address, dict) else None,
        officers=tuple(officers),
        purpose=str(body["purpose"]),
        use_until=str(body["use_until"]),
        identity=dict(identity),
    )


def _texts(values: Iterable[object]) -> bool:
    return all(isinstance(value, str) for value in values)


def _shown(answers: Iterator[Answer], batch: str, officer: str, access_log: Path, time: str) -> Iterator[Answer]:
    while chunk := list(islice(answers, _CHUNK)):
        _record(
            access_log, [{"time": time, "officer": officer, "batch": batch, "request": a.request, "action": "open"} for a in chunk]
        )  # 5
        yield from chunk


def _record(access_log: Path, entries: Iterable[Mapping[str, str]]) -> None:
    try:
        descriptor = os.open(access_log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            file.write(b"".join(canonical(dict(entry)) + b"\n" for entry in entries))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise Refused(
            "The access log cannot be written.", f"{error.strerror}.", "Nothing is opened without it; name a file you may write to."
        ) from error


def _refused(why: str) -> Refused:
    return Refused(
        "A sealed answer is not what it must be.", why, "Keep it, use nothing of it, and ask the source agency, naming the batch."
    )
