"""The pages themselves: links lead somewhere, commands can be typed, generated parts are fresh, nothing stands in them that must not."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from docs_pages import (
    DOCS,
    ROOT,
    anchors,
    broken_links,
    generator,
    pages,
    shell_lines,
    text_of,
    unwanted,
    words_of,
    wrong_command,
    wrong_hint,
)

README = ROOT / "README.md"
NEEDS_NO_HOME = {"rules", "address", "match"}
VERBS = {"python", "python3", "make", "export", "chmod", "pip", "cp", "printf", "dd"}


@pytest.fixture(scope="module")
def top() -> Any:
    """The tree of commands."""
    return generator().command_line()


def program(line: str) -> list[str]:
    """A line's words with its program by bare name."""
    words = words_of(line)
    return [Path(words[0]).name, *words[1:]] if words else []


# ---- links


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    assert broken_links(page, text_of(page)) == []


def test_a_link_to_nowhere_is_found() -> None:
    text = "# One\n[a](nowhere.md) [b](README.md) [c](#one) [d](#two) [e](README.md#no-such-heading) `[f](code.md)`"
    assert broken_links(ROOT / "page.md", text) == ["nowhere.md", "#two", "README.md#no-such-heading"]


def test_anchors_are_spelled_as_they_are_on_the_web() -> None:
    assert anchors('## The recipient\'s side\n### R12 The name\n<a id="r12"></a>') == {"the-recipients-side", "r12-the-name", "r12"}


# ---- what may be typed


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_on_a_page_can_be_typed(page: Path, top: Any) -> None:
    if page.name == "commands.md":
        pytest.skip("written from the examples, which test_documented.py checks")
    wrong = {}
    for line in shell_lines(text_of(page)):
        words = program(line)
        if words[:1] == ["portcullis"] and (fault := wrong_command(words, top)) is not None:
            wrong[line] = fault
        if words and words[0] not in VERBS | {"portcullis"}:
            wrong[line] = f"{words[0]} is not a program the pages use"
    assert wrong == {}


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_named_in_a_sentence_exists(page: Path, top: Any) -> None:
    named = re.findall(r"`portcullis ([a-z][^`]*)`", text_of(page))
    assert sorted({hint for hint in named if wrong_hint(hint, top)}) == []


def test_make_targets_and_scripts_on_pages_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    lines = [program(line) for page in pages() for line in shell_lines(text_of(page))]
    assert [words[1] for words in lines if words[:1] == ["make"] and words[1] not in targets] == []
    scripts = [words[1] for words in lines if words[:1] in (["python"], ["python3"]) and words[1].endswith(".py")]
    assert [script for script in scripts if not (ROOT / script).is_file()] == []


def _runnable() -> list[str]:
    lines = [
        line for page in (README, DOCS / "1-agreement.md", DOCS / "2-intake.md", DOCS / "3-rules.md") for line in shell_lines(text_of(page))
    ]
    quick = [line for line in lines if program(line)[:1] == ["portcullis"] and "--help" not in line]
    return sorted(
        {" ".join(program(line)) for line in quick if program(line)[1] in NEEDS_NO_HOME or program(line)[1:3] == ["agreement", "validate"]}
    )


@pytest.mark.parametrize(
    "line", [line for line in _runnable() if "./my-agreement" not in line and " evaluate " not in line and " --home " not in line]
)
def test_commands_that_need_no_home_run_as_they_stand(line: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "portcullis.cli.app", *line.split()[1:]], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, bool(done.stdout.strip())) == (0, True), done.stderr


def test_the_first_screen_is_one_sentence_one_picture_two_commands() -> None:
    title, sentence, picture, *_ = [part for part in text_of(README).split("\n\n") if part.strip()]
    assert title.strip() == "# Portcullis"
    assert sentence.count(".") == 1 and sentence.rstrip().endswith(".")
    assert picture.startswith("![") and "docs/pictures/replay.svg" in picture
    assert [line.split()[:2] for line in shell_lines(text_of(README))[:2]] == [["make", "demo"], ["make", "test"]]


def test_the_service_runs_a_command_that_exists(top: Any) -> None:
    for unit in sorted((DOCS / "examples").glob("*.service")):
        started = re.findall(r"^ExecStart=\S+/(portcullis .+)$", unit.read_text(encoding="utf-8"), re.MULTILINE)
        assert started and [wrong_command(line.split(), top) for line in started] == [None] * len(started)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("portcullis batch fly", "there is no command portcullis batch fly"),
        ("portcullis batch status B-2026-000001 --loud", "there is no option --loud"),
        ("portcullis batch status", "it needs another argument"),
        ("portcullis order list extra", "it has an argument too many"),
        ("portcullis review authorize B-2026-000001 --key k.json", "it needs --as"),
        ("portcullis batch status B-2026-000001 --json", None),
    ],
)
def test_a_command_that_cannot_be_typed_is_found(line: str, fault: str | None, top: Any) -> None:
    assert wrong_command(line.split(), top) == fault


# ---- generated parts


@pytest.mark.parametrize("part", sorted(generator().PARTS))
def test_generated_parts_are_fresh(part: str) -> None:
    assert generator().stale([part], write=False) == []


def test_a_stale_part_is_named_and_fails(tmp_path: Path) -> None:
    shutil.copytree(DOCS, tmp_path / "docs")
    page = tmp_path / "docs" / "9-running.md"
    page.write_text(page.read_text(encoding="utf-8").replace("PORTCULLIS_MEMORY_LIMIT", "PORTCULLIS_MEMORY"), encoding="utf-8")
    command = [sys.executable, str(tmp_path / "docs" / "generate.py"), "settings"]
    found = subprocess.run([*command, "--check"], capture_output=True, text=True, timeout=60, check=False)
    assert (found.returncode, "9-running.md" in found.stdout) == (1, True)
    assert subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0
    assert subprocess.run([*command, "--check"], capture_output=True, timeout=60, check=False).returncode == 0


# ---- form


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_names_a_machine_a_registry_or_a_person(page: Path) -> None:
    assert unwanted(text_of(page)) == []


@pytest.mark.parametrize(
    "text",
    [
        "see /home/somebody/x",
        "from /tmp/x",
        "pip --index-url x",
        "https://packages.example/x",
        "write to a.b@c.de",
        "123-45-6789",
        "12 Elm Street",
        "at 10.1.2.3",
    ],
)
def test_what_must_not_stand_in_a_page_is_found(text: str) -> None:
    assert unwanted(text) != []


def test_what_may_stand_in_a_page_is_let_through() -> None:
    assert unwanted("25-cv-0457, B-2026-000001, 26 U.S.C. 6103, `--home ./home`, /var/lib/portcullis, R12, 2026-11-21T09:00:00Z") == []


def test_each_decision_is_one_page_with_context_choice_and_cost() -> None:
    found = sorted((DOCS / "decisions").glob("[0-9]*.md"))
    assert [path.name[:4] for path in found] == [f"{number:04d}" for number in range(1, len(found) + 1)]
    for path in found:
        text = text_of(path)
        assert [f"\n## {part}\n" in text for part in ("Context", "Choice", "What it costs")] == [True] * 3, path.name
        assert len(text.splitlines()) <= 60, path.name
        assert path.name in text_of(DOCS / "decisions" / "README.md")


def test_the_changelog_has_an_unreleased_part() -> None:
    assert "\n## [Unreleased]\n" in text_of(ROOT / "CHANGELOG.md")


def test_reported_facts_of_the_law_carry_their_tag() -> None:
    """Nothing tagged R or K is certain: the page of rules shows the tag of each."""
    from portcullis.rules import agreements_folder, load  # noqa: PLC0415

    page = text_of(DOCS / "3-rules.md")
    words = {"T": "text of the law read", "R": "reported by a secondary source", "K": "known, not re-read", "I": "our inference"}
    for rule in load(agreements_folder() / "irs-ice-2025").rules:
        part = page.partition(f"### {rule.id} {rule.title}\n")[2].partition("\n### ")[0]
        assert f"({words[rule.source]})" in part, rule.id
