"""Writes the parts of docs/ that say what the program is, from the program itself.

    python docs/generate.py                  write every generated part
    python docs/generate.py rules commands   write only these
    python docs/generate.py --check          write nothing; name what is stale and exit with 1

A part is a whole file, or what stands between `<!-- generated: NAME -->` and `<!-- end of generated: NAME -->`.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
AGREEMENT = "irs-ice-2025"
LEVELS = {"batch": "B", "request": "N", "officer": "O", "agreement": "A", "system": "X"}
TAGS = {"T": "text of the law read", "R": "reported by a secondary source", "K": "known, not re-read", "I": "our inference"}
HEAD = "<!-- Written by `python docs/generate.py`; change the source it names, not this file. -->"

FACTS = f"""{HEAD}

# The facts a rule may name

From `agreements/fields.yaml`. A rule that names anything else is refused when it is loaded. Types: `int` 64-bit integer; `text` never
empty; `flag` 0 or 1; `date` days since 1970-01-01 in the agreement's zone. Any fact may be unknown, and no rule passes on what is unknown.
A fact of stage `match` is known only after the register was read. *Kept* says whether it may stand in the encrypted evidence of a batch.

"""
COMMANDS = f"""{HEAD}

# Commands

HELP

The result goes to standard output, everything else to standard error. Exit codes: **0** done, **1** failed, **2** usage, **3** done and
some requests refused (only from `batch` and `release`), **4** did not verify. `portcullis --help` and `portcullis COMMAND --help` say the
same as this page. Numbers such as `B-2026-000001` and ids such as `IRS-0002` are examples.
"""


# ---- Markdown


def cell(value: object) -> str:
    """A value that may stand in a table: one line, no bar, no tag."""
    return " ".join(str(value).split()).replace("|", "\\|").replace("<", "&lt;")


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell(value) for value in line) + " |" for line in lines) + "\n"


def code(value: object) -> str:
    """As code."""
    return f"`{value}`"


def codes(values: Iterable[object]) -> str:
    """Several as code, or a dash."""
    return ", ".join(map(code, values)) or "–"


# ---- rules


def _law() -> Any:
    from portcullis.rules import agreements_folder, load  # noqa: PLC0415 - only this part needs it

    return load(agreements_folder() / AGREEMENT)


def home_of(rule: Any, agreement: str = AGREEMENT) -> str:
    """Where a rule lives: in its file, or in the code it names, or nowhere yet."""
    if rule.status == "planned":
        return "not built yet"
    if rule.lives_in and not rule.checks:
        return f"{code(rule.lives_in['module'])}, shown by {code(rule.lives_in['test'])}"
    beside = f", and {code(rule.lives_in['module'])}" if rule.lives_in else ""
    return f"[{rule.id}.yaml](../agreements/{agreement}/{rule.file or 'rules/' + rule.id + '.yaml'}){beside}"


def told(rule: Any) -> str:
    """What the requester learns when the rule fails."""
    return "the missing element" if rule.tell_requester == "deficient" else "nothing"


def overview(law: Any) -> str:
    """All rules, a line each."""
    rows = (
        (f"[{r.id}](#{r.id.lower()})", r.title, r.tier, r.citation, r.source, LEVELS[r.scope], r.stage, codes(r.reasons), told(r))
        for r in law.rules
    )
    return table(("rule", "in short", "tier", "citation", "tag", "level", "stage", "reason codes", "the requester is told"), rows)


def in_plain_words(predicate: Any, law: Any) -> str:
    """A predicate as a clause; a fact that is 0 or 1 is answered by no or yes."""
    from portcullis.rules.explain import in_words  # noqa: PLC0415

    words = in_words(predicate, law)
    for name in sorted((f.name for f in law.fields.values() if f.type == "flag"), key=len, reverse=True):
        spoken = name.replace("_", " ")
        words = re.sub(rf"\b{spoken} is ([01])\b", lambda found, said=spoken: f"{said}: {'yes' if found[1] == '1' else 'no'}", words)
    return words


def check_words(check: Any, rule: Any, law: Any) -> str:
    """One check of a rule as a list item; its own tier and citation only where they are not the rule's."""
    outcome = {"FAIL": "the batch is refused" if law.frame(check) == "batch" else "the request fails", "REFER": "a person decides"}
    when = f"When {in_plain_words(check.when, law)}, requires" if check.when else "Requires"
    ends = f"If not, {outcome[check.on_false.name]}; if unknown, {outcome[check.on_null.name]}."
    notes = [code(check.reason)]
    notes += [check.tier] if check.tier != rule.tier else []
    notes += [check.citation] if check.citation != rule.citation else []
    notes += [f"only while the switch {code(check.switch.name)} is {'on' if check.switch.when_on else 'off'}"] if check.switch else []
    return f"- {when}: {in_plain_words(check.require, law)}. *{ends}* ({'; '.join(notes)})"


def rule_text(rule: Any, law: Any) -> str:
    """One rule with its checks, the facts they read and its examples."""
    read = sorted({name for check in rule.checks for name in check.fields})
    implied = f" Implied by {', '.join(rule.implied_by)}." if rule.implied_by else ""
    lines = [
        f'<a id="{rule.id.lower()}"></a>\n\n### {rule.id} {rule.title}\n',
        f"Source: {rule.citation} ({TAGS[rule.source]}). Tier: {rule.tier}. "
        f"Law from {rule.valid.start}, known here from {rule.known.start}.{implied} "
        f"Lives in: {home_of(rule, law.agreement)}. Message: “{rule.message}”\n",
        *(check_words(check, rule, law) for check in rule.checks),
    ]
    if read:
        lines.append("\nReads: " + "; ".join(f"{name.replace('_', ' ')} ({law.fields[name].meaning})" for name in read) + ".")
    if rule.cases:
        lines.append("\nExamples: " + "; ".join(f"{case.name} → {case.expect.name.lower().replace('_', ' ')}" for case in rule.cases) + ".")
    return "\n".join(lines) + "\n"


def switches(law: Any) -> str:
    """Switches, thresholds and lists of the agreement."""
    rows = ((code(s.name), s.rule, "on" if s.default else "off", s.meaning) for s in law.switches.values())
    numbers = ((code(name), value) for name, value in law.thresholds.items())
    lists = ((code(name), "; ".join(values)) for name, values in law.lists.items())
    parts = (
        (law.switches, table(("switch", "rule", "unless changed", "meaning"), rows)),
        (law.thresholds, table(("threshold", "value"), numbers)),
        (law.lists, table(("list", "holds"), lists)),
    )
    return "\n".join(text for held, text in parts if held)


def reasons(law: Any) -> str:
    """Every reason code, and where it comes from."""
    from portcullis.decision import MAY_RELEASE  # noqa: PLC0415

    found: dict[str, list[str]] = {}
    for rule in law.rules:
        for reason in rule.reasons:
            found.setdefault(reason, []).append(f"{rule.id} {rule.title}")
    for row in MAY_RELEASE:
        found.setdefault(row.reason, []).append(f"{row.id} {row.says}")
    return table(("code", "given by"), ((code(reason), " · ".join(by)) for reason, by in sorted(found.items())))


def rules() -> Mapping[str, str]:
    """The table of rules, each rule, switches and reason codes."""
    law = _law()
    return {
        "3-rules.md#rules": overview(law),
        "3-rules.md#each-rule": "\n".join(rule_text(rule, law) for rule in law.rules),
        "3-rules.md#switches": switches(law),
        "3-rules.md#reasons": reasons(law),
    }


AGREEMENTS = f"""{HEAD}

# The shipped agreements

Each is a folder of plain files in `agreements/`, in a checkout and in the installed package: terms, rules with their cases, invariants that
are proved, the law in short, and a demonstration. None of them is a program; [12-a-new-agreement.md](12-a-new-agreement.md) writes another
one from nothing. Evidence tags: **T** text of the law read · **R** reported by a secondary source · **K** known, not re-read · **I** our
inference. This is not legal advice.

"""


def others() -> Sequence[Any]:
    """Every shipped agreement but the first, which has a page of its own."""
    from portcullis.agreement import load_agreement  # noqa: PLC0415
    from portcullis.rules import agreements_folder  # noqa: PLC0415

    folders = sorted(path.parent for path in agreements_folder().glob("*/agreement.yaml"))
    return [load_agreement(folder) for folder in folders if folder.name != AGREEMENT]


def agreements() -> Mapping[str, str]:
    """The shipped agreements: a line each, and the rules of those that have no page of their own."""
    from portcullis.agreement import find, load_agreement  # noqa: PLC0415

    shipped = [load_agreement(find(AGREEMENT)), *others()]
    rows = (
        (
            f"[{one.id}]({'3-rules.md' if one.id == AGREEMENT else '#' + one.id})",
            one.title,
            f"{one.source} to {one.recipient}",
            codes(sorted(one.gates)),
            code(one.answer),
            codes(sorted(one.permitted)),
            ", ".join(sorted(name.replace("_", " ") for name in one.agree)),
            one.document.kind.replace("_", " ") if one.document else "–",
        )
        for one in shipped
    )
    head = ("agreement", "in short", "parties", "gates", "answer", "elements", "what must agree", "document")
    return {"agreements.md": AGREEMENTS + table(head, rows) + "\n" + "\n".join(agreement_text(one) for one in shipped[1:])}


def agreement_text(one: Any) -> str:
    """One agreement: how to try it, its law, its rules."""
    law, folder = one.rules, f"../agreements/{one.id}"
    tried = "\n".join(f"portcullis {words} {one.id}" for words in ("agreement prove", "rules list --agreement", "demo --agreement"))
    listed = "\n".join(rule_text(rule, law) for rule in law.rules)
    own = sorted((one.folder / "invariants").glob("*.yaml"))
    invariants = ", ".join(f"[{path.name}]({folder}/invariants/{path.name})" for path in own)
    return (
        f"## {one.id}\n\n{one.title}.\n\nThe law in short: [statute.md]({folder}/statute.md). The terms: "
        f"[agreement.yaml]({folder}/agreement.yaml). What is proved of every answer: {invariants}. The demonstration: "
        f"[journey.yaml]({folder}/demo/journey.yaml).\n\n```sh\n{tried}\n```\n\n{overview(law)}\n{switches(law)}\n{listed}"
    )


def facts() -> Mapping[str, str]:
    """The field catalogue."""
    rows = ((code(f.name), f.type, f.scope, f.stage, "yes" if f.keep else "no", f.meaning) for f in _law().fields.values())
    return {"facts.md": FACTS + table(("fact", "type", "scope", "stage", "kept", "meaning"), rows)}


# ---- decisions, ladder


def conditions(given: Iterable[tuple[str, str, object]]) -> str:
    """Conditions of a decision table in words."""
    words = {"eq": "is", "ne": "is not", "at_least": "is at least", "at_most": "is at most"}
    return "; ".join(f"{fact.replace('_', ' ')} {words[operator]} {value}" for fact, operator, value in given) or "always"


def decisions() -> Mapping[str, str]:
    """The two tables of decision.py."""
    from portcullis.decision import DECIDE, MAY_RELEASE  # noqa: PLC0415

    decide = ((r.id, conditions(r.when), code(r.then), r.says) for r in DECIDE)
    release = ((r.id, conditions(r.require), code(r.reason), r.says) for r in MAY_RELEASE)
    return {
        "5-review.md#decide": table(("row", "when", "decision", "in words"), decide),
        "5-release.md#may-release": table(("row", "required", "else refused for", "in words"), release),
    }


def ladder() -> Mapping[str, str]:
    """Rungs and vetoes of matching."""
    from portcullis.matching.ladder import LADDER, VETOES  # noqa: PLC0415

    rungs = ((r.id, r.sentence, ", ".join(r.evidence)) for r in LADDER)
    text = table(("rung", "taken when", "evidence beyond name and address"), rungs)
    return {"4-matching.md#ladder": text + "\n" + table(("veto", "ends a candidate when"), ((v.id, v.sentence) for v in VETOES))}


# ---- settings


def settings() -> Mapping[str, str]:
    """Every setting of a home with its environment variable."""
    from portcullis.config import Settings  # noqa: PLC0415

    rows = (
        (code(f.name), code(f"PORTCULLIS_{f.name.upper()}"), code(f.default) if f.default != "" else "empty", f.metadata["says"])
        for f in fields(Settings)
    )
    return {"9-running.md#settings": table(("in portcullis.toml", "in the environment", "default", "meaning"), rows)}


# ---- commands


def leaves_of(command: Any, path: tuple[str, ...]) -> Iterable[tuple[tuple[str, ...], Any]]:
    """Every command that does something, with its words, in the order of `--help`."""
    below = getattr(command, "commands", None)
    if not below:
        yield path, command
        return
    for name, sub in below.items():
        yield from leaves_of(sub, (*path, name))


def parameter(one: Any) -> tuple[str, str]:
    """An argument or option: how it is written, and what it means."""
    flag = getattr(one, "is_flag", False)
    if one.param_type_name == "argument":
        written = code(one.name.upper() if one.required else f"[{one.name.upper()}]")
    else:
        written = codes(f"{name}{'' if flag else ' VALUE'}" for name in (*one.opts, *one.secondary_opts))
    notes = [one.help or ""]
    if one.required and one.param_type_name == "option":
        notes.append("Required.")
    if one.envvar:
        notes.append(f"Also {code(one.envvar)}.")
    if not one.required and not flag and one.default not in (None, "", ()) and not callable(one.default):
        notes.append(f"Default: {one.default}.")
    return written, " ".join(note for note in notes if note)


def command_text(path: tuple[str, ...], command: Any) -> str:
    """One command: what it does, what it takes, its example."""
    rows = [parameter(one) for one in command.params if not getattr(one, "hidden", False) and one.name != "help"]
    example = (command.epilog or "").removeprefix("Example: ").strip()
    shown = f"\n```sh\n{example}\n```\n" if example else ""
    listed = "\n" + table(("takes", "meaning"), rows) if rows else ""
    return f"### {' '.join(path)}\n\n{command.help or ''}\n{shown}{listed}"


def command_line() -> Any:
    """The typer application as a tree of commands."""
    import typer  # noqa: PLC0415

    from portcullis.cli.app import app  # noqa: PLC0415

    return typer.main.get_command(app)


def commands() -> Mapping[str, str]:
    """Every command."""
    top = command_line()
    parts: list[str] = [COMMANDS.replace("HELP", top.help)]
    for name, group in top.commands.items():
        if getattr(group, "commands", None):
            parts.append(f"## {name}\n\n{group.help or ''}\n")
            parts += [command_text(("portcullis", *path), command) for path, command in leaves_of(group, (name,))]
        else:
            parts.append(f"## {name}\n")
            parts.append(command_text(("portcullis", name), group))
    return {"commands.md": "\n".join(parts)}


# ---- the HTTP API


def api() -> Mapping[str, str]:
    """The document of the API, and a page's table of its calls."""
    import json  # noqa: PLC0415

    from portcullis.api import application  # noqa: PLC0415

    document = application(None).openapi()
    rows = []
    for path, calls in document["paths"].items():
        for method, call in calls.items():
            kinds = [f"{status} {', '.join(map(code, answer.get('content', {})))}".strip() for status, answer in call["responses"].items()]
            rows.append((code(f"{method.upper()} {path}"), call.get("summary", ""), call.get("description", ""), "; ".join(kinds)))
    listed = table(("call", "what", "in words", "answers"), rows)
    return {"openapi.json": json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False), "10-api.md#api": listed}


def attacks() -> Mapping[str, str]:
    """Every attack that the verifiers are tested with, what a reader needs to see it, and the step at which it is seen."""
    sys.path.insert(0, str(DOCS.parent / "tests"))
    from ledger_attacks_kept import ATTACKS, ON_DISK  # noqa: PLC0415

    needs = {"bundle": "the bundle alone", "--trust": code("--trust"), "--since": code("--since")}
    order = {name: place for place, name in enumerate(needs)}
    listed = sorted(ATTACKS, key=lambda one: (order[one.needs], one.step))
    rows = [(name, needs["bundle"], 1) for name in ON_DISK] + [(one.name, needs[one.needs], one.step) for one in listed]
    return {"6-evidence.md#attacks": table(("attack", "needs", "seen at step"), rows)}


# ---- writing and checking

PARTS: Mapping[str, Callable[[], Mapping[str, str]]] = {
    "rules": rules,
    "agreements": agreements,
    "facts": facts,
    "decisions": decisions,
    "ladder": ladder,
    "settings": settings,
    "commands": commands,
    "api": api,
    "attacks": attacks,
}


def placed(target: str, text: str) -> tuple[Path, str]:
    """The file a part belongs to, and that file's whole text with the part in it."""
    name, _, region = target.partition("#")
    path = DOCS / name
    if not region:
        return path, text.rstrip() + "\n"
    whole = path.read_text(encoding="utf-8")
    first, last = f"<!-- generated: {region} -->", f"<!-- end of generated: {region} -->"
    if whole.count(first) != 1 or whole.count(last) != 1:
        sys.exit(f"docs/{name} has not exactly one place for {region}: write {first} and {last} into it")
    return path, f"{whole[: whole.index(first)]}{first}\n{text.rstrip()}\n{whole[whole.index(last) :]}"


def stale(names: Iterable[str], *, write: bool) -> list[str]:
    """The parts whose text is not what stands there; with `write` they are brought up to date."""
    found = []
    for name in names:
        for target, text in PARTS[name]().items():
            path, wanted = placed(target, text)
            if not path.exists() or path.read_text(encoding="utf-8") != wanted:
                found.append(target)
                if write:
                    path.write_text(wanted, encoding="utf-8")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check the parts named; all of them by default."""
    parser = argparse.ArgumentParser(prog="docs/generate.py", description="Write the generated parts of docs/.")
    parser.add_argument("parts", nargs="*", metavar="PART", help="of " + ", ".join(PARTS))
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 when something is stale")
    asked = parser.parse_args(arguments)
    if unknown := sorted(set(asked.parts) - set(PARTS)):
        parser.error(f"there is no part {unknown[0]}")
    found = stale(asked.parts or PARTS, write=not asked.check)
    for target in found:
        print(f"{'stale' if asked.check else 'written'}: docs/{target}")
    if asked.check and found:
        print("next: python docs/generate.py")
    return int(asked.check and bool(found))


if __name__ == "__main__":
    sys.exit(main())
