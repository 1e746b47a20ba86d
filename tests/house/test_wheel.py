"""The wheel carries everything a machine without the repository needs: code, agreements, migrations, word lists, the verifier."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_every_file_of_the_package_is_in_the_wheel(names: set[str]) -> None:
    source = ROOT / "src"
    wanted = {path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert wanted - names == set()


def test_agreements_and_verifier_are_in_the_wheel(names: set[str]) -> None:
    agreements = ROOT / "agreements"
    wanted = {f"portcullis/data/agreements/{path.relative_to(agreements).as_posix()}" for path in agreements.rglob("*") if path.is_file()}
    assert wanted | {"portcullis/data/verify.py", "portcullis/store/migrations/versions/r0001_initial.sql"} <= names


def test_nothing_else_is_in_the_wheel(names: set[str]) -> None:
    outside = {name for name in names if not name.startswith(("portcullis/", "portcullis-"))}
    assert outside == set()


def test_git_ignores_no_file_of_the_product() -> None:
    """A line in .gitignore once hid a whole package; what git ignores, a clone lacks."""
    product = ["src", "tests", "agreements", "verifier", "docs", "examples", "benchmarks", "requirements", ".ci"]
    command = ["git", "ls-files", "--others", "--ignored", "--exclude-standard", "--", *product]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    assert [name for name in listed if "__pycache__" not in name and ".cache" not in name and "_cache/" not in name] == []
