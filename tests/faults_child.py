"""Commands in processes that can be killed at any instant: the real command line in a child of a warm fork server.

Where a child is to die at a certain instant, or its disk to be full, it is this file that sees to it, in the child alone.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from portcullis.cli.app import main
from portcullis.store import lock

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["portcullis.cli.app"])
KILLED = -signal.SIGKILL


@dataclass(frozen=True)
class Death:
    """Where the child kills itself: at the `count`-th of these, `before` or after it.

    `what`: commit (of a transaction that writes), rename, sync, or write (of a whole small file; before: it is cut, and still empty).
    """

    what: str
    count: int
    before: bool = False


@dataclass
class Command:
    """A command that runs, or ran."""

    process: ForkServerProcess
    output: Path

    def killed_after(self, seconds: float) -> bool:
        """Let it run for so long, then SIGKILL it; whether it was still running."""
        self.process.join(seconds)
        if self.process.exitcode is None:
            self.process.kill()
        self.process.join()
        return self.process.exitcode == KILLED

    def wait(self, seconds: float = 120.0) -> int:
        """Its exit code, once it has ended."""
        self.process.join(seconds)
        assert self.process.exitcode is not None, f"it hangs: {self.said()}"
        return self.process.exitcode

    def said(self) -> str:
        """Everything it wrote to standard output and standard error."""
        return self.output.read_text(errors="replace") if self.output.exists() else ""


def command(output: Path, env: Mapping[str, str], *words: str, death: Death | None = None, largest_file: int | None = None) -> Command:
    """Start `portcullis` with these words. `largest_file` limits every file it writes, in bytes."""
    process = _CONTEXT.Process(target=_child, args=(str(output), dict(env), words, death, largest_file))
    process.start()
    return Command(process, output)


def _child(output: str, env: Mapping[str, str], words: tuple[str, ...], death: Death | None, largest_file: int | None) -> None:
    said = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(said, 1)
    os.dup2(said, 2)
    os.environ.update(env)
    if death is not None:
        _mortal(death)
    if largest_file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    sys.argv = ["portcullis", *words]
    try:
        main()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def _mortal(death: Death) -> None:
    """Count the instants of one kind in this process, and die at the one that was named."""
    numbers = itertools.count(1)

    def die(number: int, *, before: bool) -> None:
        if (number, before) == (death.count, death.before):
            os.kill(os.getpid(), signal.SIGKILL)

    def mortal(work: Callable[..., Any]) -> Callable[..., Any]:
        def done(*args: Any) -> Any:
            number = next(numbers)
            if death.what == "write" and number == death.count:
                args[0].open("wb").close()
            die(number, before=True)
            result = work(*args)
            die(number, before=False)
            return result

        return done

    @contextmanager
    def transaction(*args: Any) -> Iterator[Any]:
        number = next(numbers)
        with begun(*args) as conn:
            yield conn
            die(number, before=True)
        die(number, before=False)

    begun = lock._transaction
    if death.what == "commit":
        lock._transaction = transaction
    elif death.what == "rename":
        Path.replace = mortal(Path.replace)  # type: ignore[method-assign]
    elif death.what == "write":
        Path.write_bytes = mortal(Path.write_bytes)  # type: ignore[method-assign]
    else:
        os.fsync = mortal(os.fsync)
