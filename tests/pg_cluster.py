"""A private PostgreSQL cluster for the tests, started once per test process from the server's own binaries.

It listens on a socket in its own directory only, and dies with the tests. The server refuses to run as root, so a root user
gives it to an unprivileged one; pytest's tmp_path has mode 0700 and that user could not enter it (pitfalls).
"""

from __future__ import annotations

import getpass
import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

HOW_TO = "install the PostgreSQL server (its package is often called postgresql) so that initdb is on PATH or in /usr/lib/postgresql/*/bin"


def binaries() -> Path | None:
    """The folder of the newest server binaries, or None."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: int(one.parent.name) if one.parent.name.isdigit() else 0)
    on_path = shutil.which("initdb")
    found = [*versions[::-1], *([Path(on_path).resolve().parent] if on_path else [])]
    return next((one for one in found if (one / "initdb").exists() and (one / "pg_ctl").exists()), None)


def unprivileged() -> str | None:
    """Whom the server runs as: this user, or when that is root one that is not. None when there is no such user."""
    if os.geteuid() != 0:
        return getpass.getuser()
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in names), None)


def why_not() -> str | None:
    """The reason why there can be no cluster here, or None."""
    if binaries() is None:
        return f"PostgreSQL is not installed; to run these tests, {HOW_TO}"
    if unprivileged() is None:
        return "PostgreSQL does not run as root, and there is no user postgres or nobody; run the tests as another user"
    return None


@dataclass
class Cluster:
    """A running server. `url()` makes a new database each time."""

    folder: Path
    programs: Path
    user: str
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def url(self) -> str:
        """The address of a new, empty database."""
        name = f"t{next(self._numbers)}"
        self._run("createdb", "-h", str(self.folder), "-U", "tests", "-T", "template0", name)
        return f"postgresql://tests@/{name}?host={self.folder}"

    def start(self, *, durable: bool) -> None:
        """Make the cluster and start it. `durable` commits to the disk as in earnest: for measurements, and slower."""
        data = self.folder / "data"
        self._run("initdb", "-D", str(data), "-U", "tests", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        options = f"-c listen_addresses='' -c unix_socket_directories='{self.folder}' -c max_connections=100 -c shared_buffers=128MB"
        options += "" if durable else " -c fsync=off"
        self._run("pg_ctl", "-D", str(data), "-l", str(self.folder / "log"), "-w", "-o", options, "start")

    def stop(self) -> None:
        """End it and remove what it wrote."""
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        as_user = {"user": self.user, "group": pwd.getpwnam(self.user).pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
        done = subprocess.run(
            [str(self.programs / program), *arguments],
            cwd=self.folder,
            env={"PATH": os.environ.get("PATH", ""), "HOME": str(self.folder), "LC_ALL": "C"},
            stdout=subprocess.PIPE if program != "pg_ctl" else subprocess.DEVNULL,  # the server would inherit the pipe
            stderr=subprocess.PIPE if program != "pg_ctl" else subprocess.DEVNULL,
            check=False,
            **as_user,  # type: ignore[call-overload]
        )
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed: {(done.stderr or b'').decode(errors='replace')}")


def start(*, durable: bool = False) -> Cluster:
    """A running cluster in a directory of its own, owned by whoever runs the server."""
    programs, user = binaries(), unprivileged()
    assert programs is not None and user is not None, why_not()
    folder = Path(tempfile.mkdtemp(prefix="pc-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, user)
    cluster = Cluster(folder, programs, user)
    cluster.start(durable=durable)
    return cluster
