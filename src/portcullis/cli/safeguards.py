"""`portcullis safeguard status|training|notice|recall|incident|dispose|redisclose`: what happens after a release."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from portcullis.cli.acting import KeyOption, instant
from portcullis.cli.incidents import incident
from portcullis.cli.matter import MatterArgument, RecordsOption, about_of, draw, signed
from portcullis.cli.output import HomeOption, JsonOption, result
from portcullis.cli.rehearsal import changes
from portcullis.cli.typed import AgencyOption, PersonOption, code, code_option, read_small
from portcullis.home import open_home
from portcullis.journal import stamp
from portcullis.matters import find
from portcullis.publish import publish
from portcullis.safeguards import (
    answer_notice,
    answer_retention,
    close_recall,
    decide_redisclosure,
    matter_picture,
    matter_view,
    open_recall,
    prepare_recall,
    read_records,
    status,
    take,
    take_access_log,
    take_at,
)
from portcullis.standing import training
from portcullis.store import reading

__all__ = ["mount"]

T = TypeVar("T")
FilingArgument = Annotated[Path, typer.Argument(help="The filing, as the recipient wrote it.", exists=True, dir_okay=False)]

notice = typer.Typer(help="Notices of AI and of new environments: take in, answer.", no_args_is_help=True)
recall = typer.Typer(help="Recalls: open, take in what custodians file, close.", no_args_is_help=True)
dispose = typer.Typer(help="Disposal: take in certificates and access logs, answer a retention.", no_args_is_help=True)
redisclose = typer.Typer(help="Redisclosure requests: take in, decide.", no_args_is_help=True)


class Verdict(StrEnum):
    """How the Office of Safeguards answers."""

    ACKNOWLEDGED = "acknowledged"
    OBJECTED = "objected"


class Decided(StrEnum):
    """How one person decides a redisclosure."""

    GRANT = "grant"
    REFUSE = "refuse"


def mount(app: typer.Typer) -> None:
    """Add everything to `safeguard`."""
    app.command("status", epilog="Example: portcullis safeguard status --json")(status_)
    app.command("training", epilog="Example: portcullis safeguard training ICE --json")(training_)
    for name, sub in (("notice", notice), ("recall", recall), ("incident", incident), ("dispose", dispose), ("redisclose", redisclose)):
        app.add_typer(sub, name=name)


def status_(
    home: HomeOption,
    matter: Annotated[str | None, typer.Option(help="Only this matter, with its steps.", callback=code)] = None,
    picture: Annotated[Path | None, typer.Option(help="With --matter: draw it into this new file (.svg).")] = None,
    as_json: JsonOption = False,
) -> None:
    """Everything open after the releases: what is overdue, what stops which flow, what each release still owes."""
    opened = open_home(home)
    with reading(opened.engine) as conn:
        found = matter_view(opened, conn, find(conn, matter, open_only=False, lock=False)) if matter else status(opened, conn)
    if picture is not None and matter is None:
        raise typer.BadParameter("a picture is of one matter: give --matter")
    if picture is not None:
        draw(picture, matter_picture(found))
    result(found, as_json, lambda: json.dumps(found, indent=1, sort_keys=True) if matter else _words(found))


def _words(found: dict[str, Any]) -> str:
    lines = [f"As of {found['at']}."]
    lines += [f"STOPPED  {s['agency']} under {s['agreement']}: {s['fact']} {s['matters']}" for s in found["stops"]] or [
        "Nothing stops a flow."
    ]
    lines += [f"{'OVERDUE' if r['overdue'] else 'due soon'}  {r['matter']}  {r['kind']}  {r['due']}" for r in found["reminders"]]
    lines += [f"{m['matter']}  {m['kind']}  {m['agency']}  {m['state']}  due {m['due'] or 'never'}" for m in found["matters"]]
    lines += [f"{o['matter']}  use of {o['batch']}  {o['disposed']}/{o['records']} disposed  due {o['due']}" for o in found["obligations"]]
    return "\n".join(lines)


def training_(
    agency: Annotated[str, typer.Argument(help="The receiving agency.", callback=code)],
    home: HomeOption,
    training_days: Annotated[int, typer.Option(help="How many days a training counts; the agreement says.", min=1)] = 365,
    as_json: JsonOption = False,
) -> None:
    """Whose yearly training is current, and until when; `officer add` records one."""
    opened = open_home(home)
    with reading(opened.engine) as conn:
        rows = training(conn, agency, opened.now() // 86_400, training_days)
    words = "\n".join(f"{r['person']}  {'current' if r['current'] else 'NOT CURRENT'}  until day {r['until']}" for r in rows)
    result(rows, as_json, words or "Nobody is on record.")


# ---- filings: one way in for all of them


def _take(home: Path, file: Path, group: str, as_json: bool) -> None:
    done = take_at(open_home(home), group, read_small(file, "The filing"))
    result({"result": done if len(done) > 1 else done[0]}, as_json, f"Taken in: {' '.join(map(str, done))}.")


@notice.command("take", epilog="Example: portcullis safeguard notice take n.json")
@changes
def notice_take(file: FilingArgument, home: HomeOption, as_json: JsonOption = False) -> None:
    """Take in a notice, or its withdrawal."""
    _take(home, file, "notice", as_json)


@recall.command("take", epilog="Example: portcullis safeguard recall take a.json")
@changes
def recall_take(file: FilingArgument, home: HomeOption, as_json: JsonOption = False) -> None:
    """Take in a custodian's acknowledgement or certificate, or a witness's signature."""
    _take(home, file, "recall", as_json)


@dispose.command("take", epilog="Example: portcullis safeguard dispose take d.json")
@changes
def dispose_take(file: FilingArgument, home: HomeOption, as_json: JsonOption = False) -> None:
    """Take in a certificate of disposal, or its witness's signature."""
    _take(home, file, "dispose", as_json)


@redisclose.command("take", epilog="Example: portcullis safeguard redisclose take r.json")
@changes
def redisclose_take(file: FilingArgument, home: HomeOption, as_json: JsonOption = False) -> None:
    """Take in a redisclosure request; the table decides it, or it waits for two people."""
    _take(home, file, "redisclose", as_json)


@dispose.command("access", epilog="Example: portcullis safeguard dispose access l.json log")
@changes
def dispose_access(
    file: FilingArgument,
    log: Annotated[Path, typer.Argument(help="The access log it signs for.", exists=True, dir_okay=False)],
    home: HomeOption,
    as_json: JsonOption = False,
) -> None:
    """Take in an access log; every opening must be by an officer the answer was addressed to."""
    opened, data = open_home(home), read_small(log, "The access log")
    strangers = take(opened, read_small(file, "The filing"), lambda home, conn, filing: take_access_log(home, conn, filing, data))
    result({"strangers": strangers}, as_json, f"Taken in; {strangers} openings were by officers it was not addressed to (R48).")


# ---- acts of the source agency


@notice.command(
    "answer", epilog="Example: portcullis safeguard notice answer M-2026-000001 --verdict acknowledged --as IRS-0007 --key s.json"
)
@changes
def notice_answer(
    matter: MatterArgument,
    home: HomeOption,
    person: PersonOption,
    verdict: Annotated[Verdict, typer.Option(help="What the Office of Safeguards says.")],
    key: Path = KeyOption,
) -> None:
    """Acknowledge a notice, or object to it."""
    opened = open_home(home)
    about = about_of(opened, matter, verdict=verdict.value)
    state = answer_notice(opened, matter, about, signed(opened, key, person, "obligation.answered", about))
    publish(opened)
    result({}, False, f"{matter} is {state}.")


@dispose.command(
    "answer",
    epilog="Example: portcullis safeguard dispose answer M-2026-000001 --certificate 9f…e2 --verdict objected --as IRS-0007 --key s",
)
@changes
def dispose_answer(
    matter: MatterArgument,
    home: HomeOption,
    person: PersonOption,
    certificate: Annotated[str, typer.Option(help="The hash of the certificate that asks to keep.", callback=code)],
    verdict: Annotated[Verdict, typer.Option(help="What the Office of Safeguards says.")],
    key: Path = KeyOption,
) -> None:
    """Answer a justified retention."""
    opened = open_home(home)
    about = about_of(opened, matter, certificate=certificate, verdict=verdict.value)
    due = answer_retention(opened, matter, about, signed(opened, key, person, "obligation.answered", about))
    publish(opened)
    result({}, False, f"{matter}: the deadline is now {stamp(due)}." if due else f"{matter}: it may not be kept; the deadline stands.")


@recall.command(
    "open",
    epilog="Example: portcullis safeguard recall open --agency ICE --records affected.txt --reason address_unconfirmed"
    " --discovered 2026-01-23T09:00:00Z --as IRS-0007 --key s.json",
)
@changes
def recall_open(
    home: HomeOption,
    agency: AgencyOption,
    records: RecordsOption,
    reason: Annotated[str, typer.Option(help="A code for what was wrong.", callback=code)],
    discovered: Annotated[str, typer.Option(help="When it was discovered.")],
    person: PersonOption,
    of_incident: Annotated[str, typer.Option("--incident", help="The incident it belongs to.", callback=code_option)] = "",
    key: Path = KeyOption,
    as_json: JsonOption = False,
) -> None:
    """Open a recall of listed records: an order for every custodian, sealed, in the outbox; the flow stops as the agreement says."""
    opened = open_home(home)
    prepared = prepare_recall(opened, agency, read_records(records), reason, instant(discovered), of_incident or None)
    done = open_recall(opened, prepared, signed(opened, key, person, "recall.opened", dict(prepared.about)))
    publish(opened)
    found = {"matter": done.matter, "records": done.records, "custodians": done.custodians, "acknowledge_by": stamp(done.acknowledge_by)}
    words = f"{done.matter}: {done.records} records are recalled from {done.custodians} custodians; orders are in outbox/{done.matter}."
    result(found, as_json, words)


@recall.command("close", epilog="Example: portcullis safeguard recall close M-2026-000002 --as IRS-0007 --key s.json")
@changes
def recall_close(matter: MatterArgument, home: HomeOption, person: PersonOption, key: Path = KeyOption) -> None:
    """Close a recall whose every disposal is witnessed."""
    opened = open_home(home)
    about = about_of(opened, matter)
    close_recall(opened, matter, about, signed(opened, key, person, "recall.closed", about))
    publish(opened)
    result({}, False, f"{matter} is closed: every custodian's disposal is proved.")


@redisclose.command(
    "decide", epilog="Example: portcullis safeguard redisclose decide M-2026-000004 --verdict grant --as IRS-0006 --key c.json"
)
@changes
def redisclose_decide(
    matter: MatterArgument,
    home: HomeOption,
    person: PersonOption,
    verdict: Annotated[Decided, typer.Option(help="One person's decision; granting takes two, one of them counsel.")],
    key: Path = KeyOption,
) -> None:
    """Decide a redisclosure request, as one of two people."""
    opened = open_home(home)
    about = about_of(opened, matter, verdict=verdict.value)
    state = decide_redisclosure(opened, matter, about, signed(opened, key, person, "obligation.decided", about))
    publish(opened)
    result({}, False, f"{matter} is {state}.")
