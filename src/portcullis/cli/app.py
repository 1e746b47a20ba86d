"""The command `portcullis`: one sub-command a noun of the journey.

Exit codes: 0 done, 1 failed, 2 usage, 3 some refused, 4 did not verify.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import version as installed_version
from typing import Annotated, NoReturn

import typer
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from portcullis.cli import (
    access,
    accounting,
    address,
    agreement,
    batch,
    demo,
    enrolling,
    homes,
    ledger,
    match,
    orders,
    people,
    recipient,
    register,
    release,
    report,
    reports,
    retention,
    review,
    rules,
    serving,
)
from portcullis.cli.output import FAILED, USAGE, fail, outside
from portcullis.cli.typed import SURROGATE
from portcullis.errors import PortcullisError

__all__ = ["app", "main"]

app = typer.Typer(
    name="portcullis",
    help="A disclosure gateway: a valid request is answered, anything else is impossible, and anyone entitled can check both.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # locals hold personal data
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"portcullis {installed_version('portcullis')}\n")
        raise typer.Exit


@app.callback()
def _top(_version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False) -> None:
    """Options before any command."""


homes.mount(app)
demo.mount(app)
accounting.mount(app)
serving.mount(app, people.key)
enrolling.mount(people.key)
for name, module in (
    ("agreement", agreement),
    ("order", orders),
    ("register", register),
    ("batch", batch),
    ("review", review),
    ("release", release),
    ("recipient", recipient),
    ("rules", rules),
    ("match", match),
    ("address", address),
    ("ledger", ledger),
    ("access", access),
):
    app.add_typer(module.app, name=name)
for name, sub in (
    ("officer", people.officer),
    ("key", people.key),
    ("safeguard", people.safeguard),
    ("store", homes.store),
    ("backup", homes.backup),
):
    app.add_typer(sub, name=name)

retention.mount(batch.app, people.safeguard)
report.mount(people.safeguard)
app.add_typer(reports.app, name="report")


def main() -> None:
    """Run the command line; one of the three places where every error ends (the others are the HTTP handler and the worker loop)."""
    try:
        _utf8(sys.argv)
        try:
            app(prog_name="portcullis")
        finally:
            _flush()  # here and not at the interpreter's end, where a full disk would be a traceback
    except PortcullisError as error:
        fail(error)
    except BrokenPipeError:
        sys.exit(FAILED)
    except KeyboardInterrupt:
        sys.exit(130)
    except (IntegrityError, DataError) as error:
        _defect(error)
    except (OSError, RecursionError, MemoryError, DBAPIError) as error:
        fail(outside(error))
    except Exception as error:  # noqa: BLE001 - the edge: a traceback could print a personal value
        _defect(error)


def _flush() -> None:
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # give up what is left, or the interpreter tries it again
        raise


def _defect(error: Exception) -> NoReturn:
    sys.stderr.write(
        f"portcullis: something failed inside the program ({type(error).__name__}).\n"
        "  why: this is a defect; nothing that was not finished has been recorded.\n"
        "  next: report it with the command you typed; PORTCULLIS_TRACEBACK=1 shows where, and may show data.\n"
    )
    if os.environ.get("PORTCULLIS_TRACEBACK") == "1":
        raise error
    sys.exit(FAILED)


def _utf8(words: list[str]) -> None:
    """Refuse a command line that is no text: it could neither be stored nor shown."""
    if any(SURROGATE.search(word) for word in words):
        sys.stderr.write("Usage: portcullis [OPTIONS] COMMAND\nTry 'portcullis --help'.\n\nError: An argument is not text in UTF-8.\n")
        sys.exit(USAGE)


if __name__ == "__main__":
    main()
