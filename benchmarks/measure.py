"""What every benchmark says in the same way: the machine, a part's seconds, a child process's seconds and peak memory, a table."""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def machine() -> str:
    """Processors, memory and versions, without names."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} processors, {memory:.0f} GiB, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def peak_mb() -> int:
    """The most memory this process has held, in MiB."""
    return _mb(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def _mb(held: int) -> int:
    return held >> 20 if sys.platform == "darwin" else held >> 10


@dataclass
class Part:
    """Seconds of one part; filled when it ends."""

    name: str
    seconds: float = 0.0


@contextmanager
def timed(parts: list[Part], name: str) -> Iterator[None]:
    """Add a part with the seconds the block takes."""
    begun = time.perf_counter()
    yield
    parts.append(Part(name, time.perf_counter() - begun))


@dataclass(frozen=True)
class Ran:
    """A command that ended: exit code, seconds, peak memory in MiB, what it printed."""

    code: int
    seconds: float
    peak: int
    output: str


def run(words: Sequence[str | Path], **environment: str) -> Ran:
    """Run a command of this Python, and wait for it. Its standard error is let through.

    A small process stands between: a child begins with the memory of whoever started it, and would be charged for it.
    """
    between = [sys.executable, str(Path(__file__)), *map(str, words)]
    with subprocess.Popen(between, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=os.environ | environment) as process:
        assert process.stdout is not None
        output, _, last = process.stdout.read().rpartition(_MARK)
    code, seconds, peak = json.loads(last)
    return Ran(code, seconds, peak, output)


_MARK = "\n=== ended "


def _between(words: Sequence[str]) -> None:
    begun = time.perf_counter()
    with subprocess.Popen([sys.executable, *words]) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    print(_MARK + json.dumps([process.returncode, time.perf_counter() - begun, _mb(used.ru_maxrss)]), flush=True)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; numbers stand right."""
    listed = [
        [f"{cell:,.1f}" if isinstance(cell, float) else f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in rows
    ]
    marks = ["---" if column == 0 else "---:" for column in range(len(head))]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, marks, *listed))


if __name__ == "__main__":
    _between(sys.argv[1:])
