"""What may hold personal values while a batch is computed: private, overwritten and gone at the end, whatever the end is."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from portcullis.engine import sweep, workdir
from portcullis.engine.workdir import overwrite

CANARY = "canary-Quackenbush"


def canaries(folder: Path) -> int:
    return sum(path.read_bytes().count(CANARY.encode()) for path in folder.rglob("*") if path.is_file())


def test_it_is_emptied_and_overwritten_when_the_work_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []
    monkeypatch.setattr(
        shutil, "rmtree", lambda folder, **_: seen.extend(p.read_bytes() for p in Path(folder).iterdir() if p.name == "rows")
    )
    with pytest.raises(ZeroDivisionError), workdir(tmp_path) as folder:
        (folder / "rows").write_bytes(CANARY.encode())
        raise ZeroDivisionError
    assert seen == [bytes(len(CANARY))]


LEFT = """
import os, signal, sys
from pathlib import Path
from portcullis.engine import workdir
with workdir(Path(sys.argv[1])) as folder:
    (folder / "rows").write_bytes(b"canary-Quackenbush")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_run_left_is_swept_and_what_another_is_using_is_not(tmp_path: Path) -> None:
    assert subprocess.run([sys.executable, "-c", LEFT, str(tmp_path)], check=False).returncode == -signal.SIGKILL
    assert canaries(tmp_path) == 1
    with workdir(tmp_path) as mine:
        (mine / "rows").write_bytes(b"in use")
        assert sweep(tmp_path) == 1
        assert [path.name for path in tmp_path.iterdir()] == [mine.name]
        assert (mine / "rows").read_bytes() == b"in use"
    assert sweep(tmp_path) == 0
    assert sweep(tmp_path / "absent") == 0


def test_overwriting_follows_no_link_out_of_the_directory(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"keep me")
    with workdir(tmp_path / "tmp") as folder:
        os.symlink(outside, folder / "link")
        (folder / "rows").write_bytes(CANARY.encode())
        overwrite(folder)
        assert (folder / "rows").read_bytes() == bytes(len(CANARY))
    assert outside.read_bytes() == b"keep me"
