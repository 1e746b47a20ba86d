"""`--dry-run` for every command that changes something."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from typing import Annotated, Any, ParamSpec, TypeVar, get_type_hints

import typer

from portcullis.store import rehearse

__all__ = ["changes"]

P = ParamSpec("P")
R = TypeVar("R")
_Option = Annotated[bool, typer.Option("--dry-run", help="Check and compute everything, and change nothing.")]


def changes(command: Callable[P, R]) -> Callable[..., R]:
    """Give a command `--dry-run`: its transactions are undone, nothing is published, and standard error says so."""

    @functools.wraps(command)
    def wrapped(*args: Any, dry_run: bool = False, **kwargs: Any) -> R:
        with rehearse(dry_run):
            try:
                return command(*args, **kwargs)
            finally:
                if dry_run:
                    sys.stderr.write("portcullis: a dry run; nothing was changed. (A look at the register is on record all the same.)\n")

    signature = inspect.signature(command)
    extra = inspect.Parameter("dry_run", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=_Option)
    hints = get_type_hints(command, include_extras=True) | {"dry_run": _Option}
    given = [p.replace(annotation=hints.get(p.name, p.annotation)) for p in signature.parameters.values()]
    wrapped.__signature__ = signature.replace(parameters=[*given, extra])  # type: ignore[attr-defined]
    wrapped.__annotations__ = hints
    return wrapped
