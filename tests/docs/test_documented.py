"""What the program has, the documentation names: commands, settings, variables, rules, reason codes, leaves, facts, columns."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

import pytest

from docs_pages import DOCS, ROOT, every_command, generator, text_of, words_of, wrong_command, wrong_hint
from portcullis.config import Settings
from portcullis.decision import DECIDE, MAY_RELEASE
from portcullis.errors import Refused
from portcullis.matching.ladder import LADDER, VETOES
from portcullis.model import DATA_COLUMNS, BatchState, Decision, LeafType, Role
from portcullis.rules import agreements_folder, load
from portcullis.standing.vaults import APPROVED

SOURCES = {path: path.read_text(encoding="utf-8") for path in sorted((ROOT / "src").rglob("*.py"))}
SOURCE = "\n".join([*SOURCES.values(), (ROOT / "verifier" / "verify.py").read_text(encoding="utf-8")])
LAW = load(agreements_folder() / "irs-ice-2025")


@pytest.fixture(scope="module")
def top() -> Any:
    """The tree of commands."""
    return generator().command_line()


def missing(names: Iterable[str], text: str) -> list[str]:
    """The names that do not stand in a text as words of their own, in code."""
    return [name for name in names if not re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", text)]


def test_a_name_that_is_only_part_of_another_is_missing() -> None:
    assert missing(["R1", "chunk"], "R10 and chunked") == ["R1", "chunk"]
    assert missing(["R10"], "see `R10`.") == []


# ---- commands


def test_every_command_has_its_place_on_the_page(top: Any) -> None:
    page = text_of(DOCS / "commands.md")
    assert [name for name, _ in every_command(top) if f"\n### portcullis {name}\n" not in page] == []


def test_every_command_says_what_it_does(top: Any) -> None:
    assert [name for name, command in every_command(top) if not (command.help or "").strip()] == []


def test_every_command_ends_with_an_example_that_can_be_typed(top: Any) -> None:
    wrong = {}
    for name, command in every_command(top):
        example = (command.epilog or "").partition("Example: ")[2]
        words = words_of(example) if example else []
        if words[: 1 + len(name.split())] != ["portcullis", *name.split()]:
            wrong[name] = "its help has no example of itself"
        elif (fault := wrong_command(words, top)) is not None:
            wrong[name] = fault
    assert wrong == {}


def test_what_an_error_says_to_type_exists(top: Any) -> None:
    """`Type: portcullis …` is the next step of a person in trouble."""
    hints = {(path.name, hint) for path, text in SOURCES.items() for hint in re.findall(r"[Tt]ype: portcullis ([^\"'{}.]+)", text)}
    assert sorted(f"{name}: portcullis {hint}" for name, hint in hints if wrong_hint(hint, top)) == []


def test_a_hint_that_leads_nowhere_is_found(top: Any) -> None:
    assert [wrong_hint(hint, top) for hint in ("batch fly", "batch status --loud", "batch status", "batch run B-2026-000001")] == [
        True,
        True,
        False,
        False,
    ]


# ---- settings and environment


def test_every_setting_and_its_variable_are_documented() -> None:
    page = text_of(DOCS / "9-running.md")
    names = [f.name for f in fields(Settings)]
    assert missing([f"`{name}`"[1:-1] for name in names], page) == []
    assert missing([f"PORTCULLIS_{name.upper()}" for name in names], page) == []


def test_every_environment_variable_in_the_source_is_documented() -> None:
    in_words = {"PORTCULLIS_NAME"}  # stands for any setting
    found = {name for name in re.findall(r"\bPORTCULLIS_[A-Z][A-Z_]*[A-Z]\b", SOURCE)} - in_words
    assert missing(sorted(found), text_of(DOCS / "9-running.md")) == []


# ---- rules


def test_every_rule_is_documented() -> None:
    page = text_of(DOCS / "3-rules.md")
    assert [rule.id for rule in LAW.rules if f"### {rule.id} {rule.title}" not in page] == []


def test_every_reason_code_is_documented() -> None:
    page = text_of(DOCS / "3-rules.md")
    codes = {reason for rule in LAW.rules for reason in rule.reasons} | {row.reason for row in MAY_RELEASE}
    codes |= set(re.findall(r"code=\"([A-Z]-[A-Z0-9-]+)\"", SOURCE))
    assert missing(sorted(codes), page) == []


def test_where_a_rule_says_it_lives_is_there() -> None:
    wrong = []
    for rule in LAW.rules:
        place = rule.lives_in or {}
        module = place.get("module", "portcullis").replace(".", "/")
        if not ((ROOT / "src" / f"{module}.py").is_file() or (ROOT / "src" / module).is_dir()):
            wrong.append(f"{rule.id}: {place['module']}")
        test = place.get("test", "tests").partition("::")[0]
        if not (ROOT / test).exists():
            wrong.append(f"{rule.id}: {test}")
    assert wrong == []


def test_every_rule_reason_switch_and_threshold_of_the_other_agreements_is_documented() -> None:
    page = text_of(DOCS / "agreements.md")
    others = [load(path.parent) for path in sorted(agreements_folder().glob("*/agreement.yaml")) if path.parent.name != "irs-ice-2025"]
    assert len(others) >= 2
    for law in others:
        assert f"## {law.agreement}" in page
        assert [rule.id for rule in law.rules if f"### {rule.id} {rule.title}" not in page] == []
        assert missing([*law.switches, *law.thresholds, *(reason for rule in law.rules for reason in rule.reasons)], page) == []


def test_every_fact_switch_and_threshold_is_documented() -> None:
    assert missing(LAW.fields, text_of(DOCS / "facts.md")) == []
    assert missing([*LAW.switches, *LAW.thresholds], text_of(DOCS / "3-rules.md")) == []


def test_the_rows_of_both_decision_tables_are_documented() -> None:
    assert missing([row.id for row in DECIDE], text_of(DOCS / "5-review.md")) == []
    assert missing([row.id for row in MAY_RELEASE], text_of(DOCS / "5-release.md")) == []
    assert missing([one.id for one in (*LADDER, *VETOES)], text_of(DOCS / "4-matching.md")) == []


# ---- words of the interface


def test_every_leaf_type_is_documented() -> None:
    assert missing([kind.value for kind in LeafType], text_of(DOCS / "6-evidence.md")) == []


def test_a_leaf_said_not_to_be_written_is_not_written() -> None:
    (line,) = [line for line in text_of(DOCS / "6-evidence.md").splitlines() if "nothing writes them yet" in line]
    unwritten = set(re.findall(r"`([a-z_.]+)`", line))
    elsewhere = "\n".join(text for path, text in SOURCES.items() if path.name not in ("model.py", "members.py"))
    written = {kind.value for kind in LeafType if f"LeafType.{kind.name}" in elsewhere}
    assert unwritten & written == set()
    assert {kind.value for kind in LeafType} - written <= unwritten


def test_every_data_column_is_documented() -> None:
    assert missing(DATA_COLUMNS, text_of(DOCS / "2-intake.md")) == []


def test_every_state_decision_role_and_storage_class_is_documented() -> None:
    pages = text_of()
    words = [*BatchState, *(one for one in Decision if one is not Decision.REFER), *Role]
    assert missing([word.value for word in words], pages) == []
    assert missing(APPROVED, text_of(DOCS / "1-agreement.md")) == []


def test_every_reason_of_a_review_is_documented() -> None:
    from portcullis.review.queue import REVIEW_CODES  # noqa: PLC0415 - of review/, which needs the whole store

    assert missing(REVIEW_CODES, text_of(DOCS / "5-review.md")) == []


# ---- decisions about the code


def test_every_module_of_the_layers_and_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = project["tool"]["importlinter"]["contracts"][0]["layers"]
    modules = [name.strip().removeprefix("portcullis.") for layer in layers for name in layer.split("|")]
    assert missing(modules, text_of(DOCS / "decisions" / "0001-kernel-and-layers.md")) == []
    page = text_of(DOCS / "decisions" / "0009-dependencies.md").lower()
    optional = [name for names in project["project"]["optional-dependencies"].values() for name in names]
    names = [re.split(r"[^\w-]", name)[0] for name in (*project["project"]["dependencies"], *optional)]
    assert missing(names, page) == []


def test_pages_that_the_source_names_are_there() -> None:
    data = "\n".join(p.read_text(encoding="utf-8") for p in [*(ROOT / "agreements").rglob("*.yaml"), ROOT / "Makefile"])
    named = set(re.findall(r"docs/[\w/.-]+\.(?:md|json|svg|service|py)", SOURCE + data))
    assert sorted(name for name in named if not (ROOT / name).exists()) == []


def test_the_refusal_of_an_unknown_setting_leads_to_the_page_that_lists_them(tmp_path: Any) -> None:
    from portcullis.config import load as load_settings  # noqa: PLC0415

    (tmp_path / "portcullis.toml").write_text("sample_sice = 3\n", encoding="utf-8")
    with pytest.raises(Refused) as refused:
        load_settings(tmp_path, {})
    page = re.search(r"docs/[\w.-]+\.md", str(refused.value))
    assert page is not None and missing(["memory_limit"], text_of(ROOT / page[0])) == []
