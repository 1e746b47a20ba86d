"""`portcullis agreement`: from a folder of law to an agreement in force."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import select

from portcullis.agreement import Agreement, adopt, end, find, load_agreement, propose, sign_agreement, suspend
from portcullis.agreement.adopt import as_proposed, drop_copy, state_content
from portcullis.cli.acting import KeyOption, sign_here
from portcullis.cli.output import HomeOption, JsonOption, result
from portcullis.cli.prove import prove_
from portcullis.cli.publishing import redact_, verify_public
from portcullis.cli.rehearsal import changes
from portcullis.cli.switch import show, summary, switch_
from portcullis.cli.typed import AgencyOption, PersonOption
from portcullis.errors import Refused
from portcullis.home import Home, open_home
from portcullis.publish import publish
from portcullis.rules.cases import lawful
from portcullis.store import reading, rehearsing, release_exclusive, schema

app = typer.Typer(
    help="The agreement: list, show, validate, prove, sign, adopt, switch, suspend, end, redact, verify-public.", no_args_is_help=True
)
app.command("prove", epilog="Example: portcullis agreement prove irs-ice-2025 --json")(prove_)
app.command("show", epilog="Example: portcullis agreement show irs-ice-2025")(show)
app.command(
    "switch",
    epilog="Example: portcullis agreement switch irs-ice-2025 --switch R24_relevance --on"
    " --as IRS-COUNSEL --key k1.json --second-as IRS-OVERSEER --second-key k2.json",
)(switch_)
app.command("redact", epilog="Example: portcullis agreement redact irs-ice-2025 --clause 4 --out public.json --page public.html")(redact_)
app.command("verify-public", epilog="Example: portcullis agreement verify-public public.json unsealed.json --trust trust.json")(
    verify_public
)
NameArgument = Annotated[str, typer.Argument(help="The name of a shipped or known agreement, or its folder.")]


@app.command("list", epilog="Example: portcullis agreement list --json")
def list_(home: HomeOption, as_json: JsonOption = False) -> None:
    """Every version of every agreement this home knows, and its state."""
    opened = open_home(home)
    a = schema.agreement
    with reading(opened.engine) as conn:
        rows = [
            dict(row) for row in conn.execute(select(a.c.id, a.c.version, a.c.state, a.c.hash).order_by(a.c.id, a.c.version)).mappings()
        ]
    result(
        rows, as_json, "\n".join(f"{r['id']}  version {r['version']}  {r['state']}  {r['hash'][:16]}" for r in rows) or "No agreement yet."
    )


@app.command(epilog="Example: portcullis agreement validate ./my-agreement")
def validate(name: NameArgument, as_json: JsonOption = False) -> None:
    """Check a folder; the first fault is named with file, line and column."""
    agreement = load_agreement(find(name))
    _refuse_faults(agreement)
    result(
        {"valid": True, **summary(agreement)},
        as_json,
        f"{agreement.id} version {agreement.version} is valid: {len(agreement.rules.rules)} rules.",
    )


def _refuse_faults(agreement: Agreement) -> None:
    """Faults that only show when everything is read together: the lawful request, the agreement's own claims, rules that contradict."""
    from portcullis.rules.prove import own_invariants, refuse_faults  # noqa: PLC0415 - Z3 loads slowly, and no other command should wait

    if (agreement.folder / "cases" / "lawful.yaml").is_file():
        lawful(agreement.folder)
    own_invariants(agreement.folder, agreement.rules)
    for _, rules in agreement.rules.stretches(dt.date.today()):
        refuse_faults(rules, agreement.answer)


@contextmanager
def _copy_kept_if_signed(home: Home, agreement: Agreement, *, new: bool) -> Iterator[None]:
    signed = False
    try:
        yield
        signed = not rehearsing()
    finally:
        if new and not signed:
            drop_copy(home, agreement.id, agreement.version)


@app.command("sign", epilog="Example: portcullis agreement sign irs-ice-2025 --agency IRS --key irs-root.json")
@changes
def sign_(name: NameArgument, home: HomeOption, agency: AgencyOption, key: Path = KeyOption) -> None:
    """Sign with a party's root key; the first signature also proposes the agreement to this home."""
    opened, agreement = open_home(home), load_agreement(find(name))
    a = schema.agreement
    with release_exclusive(opened.engine) as conn:
        known = conn.execute(select(a.c.hash).where(a.c.id == agreement.id, a.c.version == agreement.version)).scalar_one_or_none()
        with _copy_kept_if_signed(opened, agreement, new=known is None):
            if known is None:
                known = propose(opened, conn, find(name)).hash
            if known != as_proposed(opened, find(name), agreement.id, agreement.version):
                raise Refused(
                    "This folder is not the one that was proposed.", "Its content differs.", "Raise its version, or sign the proposed one."
                )
            act = sign_here(opened, key, f"root:{agency}", "agreement.sign", known)
            sign_agreement(opened, conn, agreement.id, agreement.version, agency, act)
    publish(opened)
    result({"signed": agency, "agreement": agreement.id}, False, f"{agency} has signed {agreement.id} version {agreement.version}.")


@app.command("adopt", epilog="Example: portcullis agreement adopt irs-ice-2025")
@changes
def adopt_(name: NameArgument, home: HomeOption) -> None:
    """Put a version that both parties have signed in force."""
    opened, agreement = open_home(home), load_agreement(find(name))
    with release_exclusive(opened.engine) as conn:
        adopt(opened, conn, agreement.id, agreement.version)
    publish(opened)
    result({}, False, f"{agreement.id} version {agreement.version} is in force.")


def _stop(name: str, home: Path, key: Path, person: str, state: str) -> None:
    opened = open_home(home)
    a = schema.agreement
    with release_exclusive(opened.engine) as conn:
        version = conn.execute(select(a.c.version).where(a.c.id == name, a.c.state == "in_force")).scalar_one_or_none()
        act = sign_here(opened, key, person, f"agreement.{state}", state_content(name, version or 0, state), name)
        (suspend if state == "suspended" else end)(opened, conn, name, act)
    publish(opened)
    result({}, False, f"{name} is {state}.")


@app.command("suspend", epilog="Example: portcullis agreement suspend irs-ice-2025 --as IRS-COUNSEL --key c.json")
@changes
def suspend_(
    name: Annotated[str, typer.Argument(help="The agreement's id.")], home: HomeOption, person: PersonOption, key: Path = KeyOption
) -> None:
    """Suspend the version in force (counsel)."""
    _stop(name, home, key, person, "suspended")


@app.command("end", epilog="Example: portcullis agreement end irs-ice-2025 --as IRS-COUNSEL --key counsel.json")
@changes
def end_(
    name: Annotated[str, typer.Argument(help="The agreement's id.")], home: HomeOption, person: PersonOption, key: Path = KeyOption
) -> None:
    """End the version in force for good (counsel)."""
    _stop(name, home, key, person, "ended")
