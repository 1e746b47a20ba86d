"""Signatures under an agreement: a party's root signs a proposed version; counsel suspends or ends the version in force.

A root is a key file, so the signature under an agreement is no passkey's: the page shows what is signed, and takes the root's act. Putting
a version in force proves its rules first, which takes its time, and is typed by whoever runs the gateway (`agreement adopt`).
"""

from __future__ import annotations

from sqlalchemy import RowMapping, select
from starlette.responses import Response

from portcullis.agreement import end, sign_agreement, suspend
from portcullis.agreement.adopt import of_version, state_content
from portcullis.console.acting import prepare, signed
from portcullis.console.request import Request
from portcullis.errors import Refused
from portcullis.publish import publish
from portcullis.store import reading, release_exclusive, schema

__all__ = ["prepare_signature", "prepare_stop", "sign_signature", "sign_stop", "version"]


def version(request: Request) -> Response:
    """One version with its terms, and who has signed it."""
    name, number, s = request.values["agreement"], int(request.values["version"]), schema.agreement_signature
    with reading(request.home.engine) as conn:
        row = _row(request)
        found = of_version(request.home, conn, name, number)
        signed_by = conn.execute(select(s.c.agency).where(s.c.agreement_id == name, s.c.version == number)).scalars().all()
    return request.page("version.html", row=row, found=found, signed=signed_by)


def _row(request: Request) -> RowMapping:
    a = schema.agreement
    with reading(request.home.engine) as conn:
        query = select(a).where(a.c.id == request.values["agreement"], a.c.version == int(request.values["version"]))
        row = conn.execute(query).mappings().first()
    if row is None:
        raise Refused("There is no such version.", "It was not proposed here.", "See the list of agreements.")
    return row


def _place(request: Request) -> str:
    return f"/agreements/{request.values['agreement']}/{request.values['version']}"


def prepare_signature(request: Request) -> Response:
    """What a party's root signs: the hash over every file of the version's folder."""
    row, agency = _row(request), request.form.get("agency", "")
    act = prepare(request, "agreement.sign", row["hash"], root=agency)
    said = f"{agency} signs {row['id']} version {row['version']}. Its hash over every word of it is {row['hash']}."
    to = f"{_place(request)}/sign"
    return request.page("sign.html", act=act, said=said, to=to, hidden={"agency": agency}, back=_place(request), title="Sign an agreement")


def sign_signature(request: Request) -> Response:
    """Record it."""
    row, home, agency = _row(request), request.home, request.form.get("agency", "")
    act = signed(request, agency)
    with release_exclusive(home.engine) as conn:
        sign_agreement(home, conn, row["id"], row["version"], agency, act)
    publish(home)
    return Request.go(_place(request))


def _stop(request: Request) -> tuple[str, int, str]:
    a, name, state = schema.agreement, request.values["agreement"], request.form.get("state", "")
    with reading(request.home.engine) as conn:
        number = conn.execute(select(a.c.version).where(a.c.id == name, a.c.state == "in_force")).scalar_one_or_none()
    if number is None or state not in ("suspended", "ended"):
        raise Refused(f"{name} is not in force, or nothing was chosen.", "There is nothing to stop.", "See the list of agreements.")
    return name, int(number), state


def prepare_stop(request: Request) -> Response:
    """What suspending or ending does, to be signed by counsel."""
    name, number, state = _stop(request)
    act = prepare(request, f"agreement.{state}", state_content(name, number, state), name)
    ending = "It can be followed by another version only." if state == "ended" else "Another version can be put in force after it."
    said = f"{name} version {number} is {state}. Nothing leaves under it any more, and what was authorized is void. {ending}"
    hidden, place = {"state": state}, f"/agreements/{name}"
    return request.page("sign.html", act=act, said=said, to=f"{place}/stop/sign", hidden=hidden, back=place, title="Stop an agreement")


def sign_stop(request: Request) -> Response:
    """Stop it."""
    name, _, state = _stop(request)
    home, act = request.home, signed(request)
    with release_exclusive(home.engine) as conn:
        (suspend if state == "suspended" else end)(home, conn, name, act)
    publish(home)
    return Request.go("/agreements")
