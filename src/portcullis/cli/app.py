"""The command `portcullis`: one sub-command a noun of the journey.

Exit codes: 0 done, 1 failed, 2 usage, 3 some refused, 4 did not verify.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import version as installed_version
from typing import Annotated

import typer

from portcullis.cli import (
    accounting,
    address,
    agreement,
    batch,
    demo,
    homes,
    ledger,
    match,
    orders,
    people,
    recipient,
    register,
    release,
    review,
    rules,
)
from portcullis.cli.output import FAILED, fail
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


def main() -> None:
    """Run the command line; one of the three places where every error ends (the others are the HTTP handler and the worker loop)."""
    try:
        app()
    except PortcullisError as error:
        fail(error)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        sys.stderr.write(
            f"portcullis: something failed inside the program ({type(error).__name__}).\n"
            "  why: this is a defect; nothing that was not finished has been recorded.\n"
            "  next: report it with the command you typed; PORTCULLIS_TRACEBACK=1 shows where, and may show data.\n"
        )
        if os.environ.get("PORTCULLIS_TRACEBACK") == "1":
            raise
        sys.exit(FAILED)


if __name__ == "__main__":
    main()
