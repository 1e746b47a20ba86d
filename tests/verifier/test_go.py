"""Other people's program reads the log: Go's checksum database packages, unchanged, in verifier/go/main.go.

Needs `go` and golang.org/x/mod as Debian packages them (golang-go, golang-golang-x-mod-dev); skipped, and said so, elsewhere.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ledger_attacks import honest, witness
from ledger_story import START, Story
from portcullis.ledger import add_cosignature

SOURCE = Path(__file__).parents[2] / "verifier" / "go" / "main.go"
PACKAGES = Path("/usr/share/gocode")


@pytest.fixture(scope="module")
def sumdb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, built once."""
    go = shutil.which("go")
    if go is None or not (PACKAGES / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        pytest.skip("Go or golang.org/x/mod is not here: apt-get install golang-go golang-golang-x-mod-dev")
    folder = tmp_path_factory.mktemp("go")
    built = folder / "sumdb"
    environment = os.environ | {"GO111MODULE": "off", "GOPATH": str(PACKAGES), "GOCACHE": str(folder / "cache"), "GOFLAGS": ""}
    subprocess.run([go, "build", "-o", built, str(SOURCE)], check=True, env=environment)
    return built


def put(files: dict[str, bytes], folder: Path) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def ran(sumdb: Path, bundle: Path) -> tuple[int, str]:
    """Exit code, and what it said."""
    done = subprocess.run([sumdb, bundle], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 700])
def test_logs_of_every_awkward_size_verify(sumdb: Path, tmp_path: Path, size: int) -> None:
    story = Story()
    if size > 2:
        story.begin()
        story.decide(story.receive(count=size - len(story.leaves) - 1))
    while len(story.leaves) < size:
        story.leaf("register.loaded")
    code, said = ran(sumdb, put(story.files(), tmp_path))
    assert (code, said.strip()) == (
        0,
        f"{story.origin}: {size} leaves, the root is theirs, every one is included, {size} prefixes are consistent",
    )


def test_a_batchs_whole_way_under_a_witnessed_checkpoint_verifies(sumdb: Path, tmp_path: Path) -> None:
    """The witness's line is of a kind that `note` does not know; as C2SP says, it is passed over."""
    story = honest()
    note = add_cosignature(story.checkpoint(), witness().sign(story.checkpoint(), START))
    code, said = ran(sumdb, put(story.files(note), tmp_path))
    assert code == 0, said


@pytest.mark.parametrize("name", ["tile/entries/000", "tile/0/000", "tile/1/000.p/2", "checkpoint", "vkey"])
def test_one_changed_byte_is_refused(sumdb: Path, tmp_path: Path, name: str) -> None:
    story = Story().begin()
    story.decide(story.receive(count=600))
    files = story.files()
    data = files[name]
    at = len(data) // 2
    code, said = ran(sumdb, put(files | {name: data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]}, tmp_path))
    assert code == 1
    assert said.startswith("did not verify: ")


def test_the_checkpoint_of_a_longer_log_and_of_another_are_refused(sumdb: Path, tmp_path: Path) -> None:
    story, longer = honest(), honest()
    longer.standing()
    assert ran(sumdb, put(story.files(longer.checkpoint()), tmp_path / "longer"))[0] == 1
    assert ran(sumdb, put(story.files(Story(log_key="another").begin().checkpoint()), tmp_path / "other"))[0] == 1
