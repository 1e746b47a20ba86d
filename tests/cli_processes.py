"""Commands in processes of their own, with real streams and no special rights: children of a warm fork server, cheap to start."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from cli_desk import Done
from portcullis.cli.app import main

__all__ = ["Running", "start"]

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["portcullis.cli.app"])


@dataclass
class Running:
    """A command that runs, and where its streams go."""

    process: ForkServerProcess
    out: Path
    err: Path

    def ended(self, seconds: float = 60.0) -> Done:
        """What it left, once it has ended; it must not hang."""
        self.process.join(seconds)
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join()
            raise AssertionError(f"it hangs: {self._read(self.err)}")
        return Done(self.process.exitcode, self._read(self.out), self._read(self.err))

    @staticmethod
    def _read(path: Path) -> str:
        return path.read_text(encoding="utf-8") if path.is_file() else ""


def start(folder: Path, words: list[str | bytes], env: Mapping[str, str], *, out: str = "") -> Running:
    """Start `portcullis` with these words. `out`: another place for standard output, or `closed` for a pipe that nobody reads.

    `folder` is where the streams go. Where the tests run as root, the command cannot read or write past a file's mode all the same.
    """
    number = len(list(folder.glob("*.err")))
    result, said = Path(out) if out else folder / f"{number}.out", folder / f"{number}.err"
    said.touch()
    raw = [os.fsencode(word) for word in words]
    process = _CONTEXT.Process(target=_child, args=(raw, dict(env), str(result), str(said)))
    process.start()
    return Running(process, result, said)


def _child(words: list[bytes], env: dict[str, str], out: str, err: str) -> None:
    os.dup2(_nobody_reads() if out == "closed" else os.open(out, os.O_WRONLY | os.O_CREAT, 0o600), 1)
    os.dup2(os.open(err, os.O_WRONLY | os.O_CREAT, 0o600), 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False, errors="backslashreplace")
    for name in [name for name in os.environ if name.startswith("PORTCULLIS_")]:
        del os.environ[name]
    os.environ.update(env)
    if os.geteuid() == 0:
        _give_up_rights()
    sys.argv = ["portcullis", *[os.fsdecode(word) for word in words]]
    main()


def _give_up_rights() -> None:
    """Root without its capabilities (Linux, capset(2)): the mode of a file holds for it as for its owner."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    if ctypes.CDLL(None, use_errno=True).capset(header, (ctypes.c_uint32 * 6)()) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def _nobody_reads() -> int:
    read, write = os.pipe()
    os.close(read)
    return write
