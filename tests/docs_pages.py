"""Reading the documentation as its tests need it: pages, links, shell commands, the tree of commands."""

from __future__ import annotations

import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
_NOT_OURS = {"node_modules", "demo", "dist"}

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[(?:[^\]\[]|\[[^\]]*\])*\]\(([^()\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?)\s*$", re.MULTILINE)
_ANCHOR = re.compile(r'<a id="([^"]+)">')


def pages() -> list[Path]:
    """Every Markdown page of the repository."""
    found = (p for p in ROOT.rglob("*.md") if not any(part.startswith(".") or part in _NOT_OURS for part in p.relative_to(ROOT).parts))
    return sorted(found)


def text_of(*paths: Path) -> str:
    """The text of some pages, of all pages in docs/ by default."""
    return "\n".join(path.read_text(encoding="utf-8") for path in paths or sorted(DOCS.rglob("*.md")))


def generator() -> ModuleType:
    """docs/generate.py as a module."""
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# ---- links


def links(text: str) -> list[str]:
    """Targets of all links outside code."""
    return _LINK.findall(re.sub(r"`[^`]*`", "`code`", _FENCE.sub("", text)))


def anchors(text: str) -> set[str]:
    """What a link may point at within a page: headings as GitHub spells them, and named anchors."""
    plain = _FENCE.sub("", text)
    spelled = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in _HEADING.findall(plain)}
    return spelled | set(_ANCHOR.findall(plain))


def broken_links(page: Path, text: str) -> list[str]:
    """Relative links of a page that lead nowhere."""
    found = []
    for target in links(text):
        if "://" in target or target.startswith("mailto:"):
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        if (name and not path.exists()) or (
            anchor and path.suffix == ".md" and anchor not in anchors(text if path == page else text_of(path))
        ):
            found.append(target)
    return found


# ---- shell commands


def shell_lines(text: str) -> list[str]:
    """Every line of the sh blocks of a page."""
    blocks = [body for language, body in _FENCE.findall(text) if language == "sh"]
    return [line for body in blocks for line in body.replace("\\\n", " ").splitlines() if line.strip()]


def words_of(line: str) -> list[str]:
    """A shell line as words, without comments, leading assignments and redirections."""
    words = shlex.split(line, comments=True)
    while words and re.fullmatch(r"[A-Z_][A-Z0-9_]*=.*", words[0]):
        words.pop(0)
    for mark in ("<", ">", "|", "&&"):
        if mark in words:
            words = words[: words.index(mark)]
    return words


def wrong_command(words: list[str], top: Any) -> str | None:
    """What is wrong with `portcullis …` as it stands: an unknown command or option, or a missing one that is required; else None."""
    command, rest = top, words[1:]
    while getattr(command, "commands", None) and rest and not rest[0].startswith("-"):
        if rest[0] not in command.commands:
            return f"there is no command {' '.join(words[: len(words) - len(rest) + 1])}"
        command, rest = command.commands[rest[0]], rest[1:]
    if getattr(command, "commands", None):
        known = {name for one in command.params for name in one.opts} | {"--help", "-h"}
        return None if rest and rest[0] in known else f"{' '.join(words)} names no command"
    return _wrong_parameters(rest, command)


def _wrong_parameters(given: list[str], command: Any) -> str | None:
    if {"--help", "-h"} & set(given):
        return None
    options = {name: one for one in command.params if one.param_type_name == "option" for name in (*one.opts, *one.secondary_opts)}
    seen: set[str] = set()
    positional, rest = 0, list(given)
    while rest:
        word = rest.pop(0).split("=")[0]
        if not word.startswith("-"):
            positional += 1
        elif word not in options:
            return f"there is no option {word}"
        else:
            seen.add(options[word].name)
            if not options[word].is_flag and rest:
                rest.pop(0)
    missing = [one.opts[0] for one in options.values() if one.required and not one.envvar and one.name not in seen]
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    if missing or positional < sum(one.required for one in arguments):
        return f"it needs {missing[0] if missing else 'another argument'}"
    many = any(one.multiple or one.nargs != 1 for one in arguments)
    return "it has an argument too many" if positional > len(arguments) and not many else None


def wrong_hint(hint: str, top: Any) -> bool:
    """Whether `portcullis HINT`, of which an error may name only the beginning, has an unknown command or option in it."""
    command, words = top, hint.split()
    while words and getattr(command, "commands", None) and re.fullmatch(r"[a-z-]+", words[0]) and not words[0].startswith("-"):
        if words[0] not in command.commands:
            return True
        command = command.commands[words.pop(0)]
    known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)} | {"--help"}
    return bool({word for word in words if word.startswith("--")} - known)


def every_command(top: Any) -> Iterator[tuple[str, Any]]:
    """Each command that does something: its words after `portcullis`, and itself."""
    for path, command in generator().leaves_of(top, ()):
        yield " ".join(path), command


# ---- what must not stand in a page

_HOSTS = {
    "127.0.0.1",
    "keepachangelog.com",
    "semver.org",
    "github.com",
    "c2sp.org",
    "www.rfc-editor.org",
    "localhost",
    "docs.python.org",
    "www.apache.org",
}
_MUST_NOT = {
    "a path of one machine": re.compile(r"(?<![\w.])/(?:work|tmp|root|home|Users|mnt|private|workspace)(?:/|\b)"),
    "a package registry": re.compile(r"pythonhosted|pypi|artifactory|index-url|simple/|nexus", re.IGNORECASE),
    "an IP address": re.compile(r"(?<![\d.])(?!127\.0\.0\.1)\d{1,3}(?:\.\d{1,3}){3}(?![\d.])"),
    "an e-mail address": re.compile(r"[\w.+-]+@[\w-]+\.\w+"),
    "a taxpayer number": re.compile(r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])|(?<![\w-])\d{9}(?![\w-])"),
    "a telephone number": re.compile(r"(?<!\d)\(?\d{3}\)?[ -]\d{3}-\d{4}(?!\d)"),
    "a street address": re.compile(r"\b\d{1,5} (?:[NSEW]\.? )?[A-Z][a-z]+ (?:St|Ave|Rd|Blvd|Ln|Dr|Street|Avenue|Road|Lane|Drive)\b"),
}


def unwanted(text: str) -> list[str]:
    """What in a page must not be in any."""
    found = [what for what, pattern in _MUST_NOT.items() if pattern.search(text)]
    hosts = set(re.findall(r"https?://([^/\s)>\]:`]+)", text)) - _HOSTS
    return found + [f"the host {host}" for host in sorted(hosts)]
