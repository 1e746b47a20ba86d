"""`portcullis agreement redact` and `verify-public`: what the public may read of an agreement, and that it is what both parties signed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from portcullis.agreement.public import Public, check_public
from portcullis.agreement.public_page import public_page
from portcullis.agreement.redact import Bars, latest_signed, redact
from portcullis.cli.output import NOT_VERIFIED, HomeOption, JsonOption, fail, result
from portcullis.cli.rehearsal import changes
from portcullis.crypto import write_private
from portcullis.errors import Refused, Tampered
from portcullis.home import open_home
from portcullis.ledger.trust import read_trust
from portcullis.publish import publish
from portcullis.store import rehearsing, writing

__all__ = ["redact_", "verify_public"]

_LIMIT = 64 << 20


@changes
def redact_(
    name: Annotated[str, typer.Argument(help="The agreement's id.")],
    home: HomeOption,
    out: Annotated[Path, typer.Option(help="The public version to write (.json); it must not exist.")],
    page: Annotated[Path | None, typer.Option(help="Also write it as a page for people (.html); it must not exist.")] = None,
    clause: Annotated[list[str] | None, typer.Option(help="The number of a clause to hide (may be repeated).")] = None,
    term: Annotated[list[str] | None, typer.Option(help="The key of a term of agreement.yaml to hide (may be repeated).")] = None,
    file: Annotated[list[str] | None, typer.Option(help="A file of its folder to hide, as statute.md (may be repeated).")] = None,
    version: Annotated[int | None, typer.Option(help="Its version; the latest that both signed by default.", min=1)] = None,
    as_json: JsonOption = False,
) -> None:
    """Make the public version of a signed agreement: what is hidden is a bar over a commitment that both parties signed."""
    opened = open_home(home)
    for path, suffix in ((out, ".json"), (page, ".html")):
        if path is not None and (path.exists() or path.suffix != suffix):
            raise Refused(f"{path.name} cannot be written.", f"It is there already, or does not end in {suffix}.", "Name another file.")
    with writing(opened.engine) as conn:
        wanted = version or latest_signed(conn, name)
        made = redact(opened, conn, name, wanted, Bars(clause or (), term or (), file or ()))
    public = check_public(made)
    if not rehearsing():
        for path, data in ((out, made), (page, public_page(public).encode())):
            if path is not None:
                write_private(path, data)
    publish(opened)
    text = f"The public version of {name} version {wanted} is in {out.name}: {len(public.shown)} parts shown, {len(public.hidden)} hidden."
    result(_told(public), as_json, text)


def verify_public(
    files: Annotated[
        list[Path], typer.Argument(help="Public versions, as many as there are of one agreement.", exists=True, dir_okay=False)
    ],
    trust: Annotated[
        Path | None, typer.Option(help="The trust file with the agencies' root keys, obtained elsewhere.", exists=True, dir_okay=False)
    ] = None,
    page: Annotated[Path | None, typer.Option(help="A page to compare with the last of them.", exists=True, dir_okay=False)] = None,
    as_json: JsonOption = False,
) -> None:
    """Check that public versions, redacted and later unsealed, are one agreement that both parties signed. Exit 4 when not."""
    known = read_trust(_bytes(trust)) if trust else None
    try:
        found = [check_public(_bytes(path), known) for path in files]
        _same(found)
        if page is not None and _bytes(page) != public_page(found[-1]).encode():
            raise Tampered("The page is not the one of this public version.", "It shows or hides something else.", "Make it again.")
    except Tampered as error:
        if as_json:
            result({"verified": False, "authenticated": False, "first_failure": {"what": error.what, "why": error.why}}, True)
        fail(error)
    told = _told(found[-1]) | {"verified": True, "versions": len(found), "first_failure": None}
    result(told, as_json, _words(found))
    if not found[-1].authenticated:
        raise typer.Exit(NOT_VERIFIED)


def _same(found: list[Public]) -> None:
    if len({each.hash for each in found}) > 1:
        raise Tampered("These are public versions of different agreements.", "They have not one hash, so they were not signed as one.")


def _told(public: Public) -> dict[str, Any]:
    return {
        "agreement": public.id,
        "version": public.version,
        "hash": public.hash,
        "signed_by": sorted(public.signed_by),
        "origin": public.origin,
        "authenticated": public.authenticated,
        "parts": len(public.parts),
        "shown": len(public.shown),
        "hidden": public.hidden,
    }


def _words(found: list[Public]) -> str:
    last = found[-1]
    whose = " and ".join(last.signed_by)
    says = f"signed by {whose}" if last.authenticated else f"CONSISTENT, NOT AUTHENTICATED: give --trust to know that {whose} signed"
    lines = [f"{last.id} version {last.version}, {says}.", f"Hash {last.hash}"]
    lines += [f"{len(each.shown)} of {len(each.parts)} parts are shown; hidden: {', '.join(each.hidden) or 'none'}." for each in found]
    if len(found) > 1:
        lines.append("They are the same signed agreement.")
    return "\n".join(lines)


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(_LIMIT + 1)
    if len(data) > _LIMIT:
        raise Refused(f"{path.name} is too long.", f"It has more than {_LIMIT} bytes.", "Name the right file.")
    return data
