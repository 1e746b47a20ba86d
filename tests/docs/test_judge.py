"""The page for a judge shows what the verifier really prints: run here on a bundle, and compared word by word."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ledger_story import Story

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "for-a-judge.md").read_text(encoding="utf-8")
VERIFIED, FAILED, LIMITS = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)


def masked(text: str) -> list[str]:
    """The lines without figures and without the folder's name."""
    return [re.sub(r"evidence in .*", "evidence in BUNDLE", re.sub(r"[0-9,]*[0-9]", "#", line)) for line in text.splitlines()]


def run(story: Story, folder: Path) -> tuple[int, str]:
    for name, data in story.files().items():
        (folder / "bundle" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "bundle" / name).write_bytes(data)
    (folder / "trust.json").write_bytes(story.trust())
    command = [sys.executable, ROOT / "verifier" / "verify.py", folder / "bundle", "--trust", folder / "trust.json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


@pytest.fixture
def story() -> Story:
    told = Story().begin()
    b = told.whole()
    told.opened = [told.open_decision(b)]
    return told


def test_a_good_bundle_prints_what_the_page_shows(story: Story, tmp_path: Path) -> None:
    code, said = run(story, tmp_path)
    assert code == 0
    shown = masked(VERIFIED)
    assert masked(said)[: len(shown)] == shown
    assert LIMITS.rstrip("\n") in said


def test_a_backdated_leaf_prints_what_the_page_shows(story: Story, tmp_path: Path) -> None:
    story.now -= 1_000_000
    story.standing()
    code, said = run(story, tmp_path)
    assert code == 4
    shown = masked(FAILED)
    assert masked(said)[-len(shown) :] == shown
