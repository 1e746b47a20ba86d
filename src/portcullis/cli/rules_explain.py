"""`portcullis rules explain`: a rule in words, or why one request of a batch got its findings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from portcullis.cli.output import JsonOption, result
from portcullis.cli.sides import chosen
from portcullis.cli.typed import LAST_ROW, batch_option, code_option
from portcullis.errors import Refused
from portcullis.home import open_home
from portcullis.publish import publish
from portcullis.rules import explain_rule
from portcullis.why import why

__all__ = ["KnownOption", "ValidOption", "explain"]

ValidOption = Annotated[
    str | None, typer.Option("--as-of", "--valid-on", help="As the law stood on this day (2025-08-07, today); by default every version.")
]
KnownOption = Annotated[
    str | None, typer.Option("--known", "--known-on", help="As this gateway knew it on this day; by default the same day.")
]


def explain(
    rule: Annotated[str | None, typer.Argument(help="A rule id, or a reason code such as N-90DAY-NOT-RUN.")] = None,
    name: Annotated[
        str, typer.Option("--agreement", "-a", help="The name of a shipped agreement, or an agreement's folder.")
    ] = "irs-ice-2025",
    valid_on: ValidOption = None,
    known_on: KnownOption = None,
    batch: Annotated[str | None, typer.Option("--batch", help="A batch of a home.", callback=batch_option)] = None,
    request: Annotated[int | None, typer.Option("--request", help="The request's number in it.", min=1, max=LAST_ROW)] = None,
    home: Annotated[Path | None, typer.Option("--home", envvar="PORTCULLIS_HOME", help="Needed for a batch.")] = None,
    person: Annotated[
        str | None, typer.Option("--as", help="Who looks at the request; it is on record first.", callback=code_option)
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """A rule, or every rule that gives a reason code, in words; with a batch and a request, why that request got its findings."""
    if batch is not None or request is not None:
        found = _of_request(batch, request, home, person, rule)
        result(found, as_json, lambda: "\n".join(_because(found)))
        return
    if rule is None:
        raise Refused(
            "Nothing is named to be explained.",
            "A rule, a reason code, or a request of a batch can be.",
            "Type: portcullis rules explain R22",
        )
    ruleset = chosen(name, valid_on, known_on)
    asked = [one for one in ruleset.rules if rule.upper() in (one.id, *one.reasons)]
    if not asked:
        raise Refused("There is no such rule or reason code.", f"{ruleset.agreement} does not have it.", "Type: portcullis rules list")
    told = [explain_rule(ruleset, one) for one in asked]
    result(told[0] if len(told) == 1 else told, as_json, "\n\n".join(_in_words(one) for one in told))


def _in_words(rule: dict[str, Any]) -> str:
    lines = [
        f"{rule['id']}  {rule['title']}",
        f"  {rule['tier']}: {rule['citation']} ({rule['source']})",
        f"  valid {rule['valid']}, known {rule['known']}",
    ]
    if rule["status"] == "planned":
        lines.append("  planned: nothing enforces it yet")
    if rule["lives_in"]:
        lines.append(f"  lives in {rule['lives_in']['module']}, tested by {rule['lives_in']['test']}")
    for check in rule["checks"]:
        lines += [f"  when {check['applies_when']}, requires that {check['requires']}"]
        lines += [f"    if not, {check['if_not']}; if unknown, {check['if_unknown']}  [{check['reason']}; {check['citation']}]"]
        lines += [f"    only while the switch {check['switch']}"] if check["switch"] else []
    told = "the requester is told: " if rule["tell_requester"] == "deficient" else "the requester gets the one answer all others get: "
    return "\n".join([*lines, f"  {told}{rule['message']}"])


# ---- one request


def _of_request(batch: str | None, request: int | None, home: Path | None, person: str | None, rule: str | None) -> dict[str, Any]:
    if batch is None or request is None or home is None or person is None:
        raise Refused(
            "One request is looked at in its home, by somebody.", "Who looks is on record first.", "Add --batch, --request, --home, --as."
        )
    opened = open_home(home)
    found = why(opened, batch, request, person, rule.upper() if rule else None)
    publish(opened)
    return found


def _because(found: dict[str, Any]) -> list[str]:
    lines = [f"Request {found['batch']}/{found['ordinal']}, as judged at stage {' and '.join(found['stages'])}"]
    for one in found["findings"]:
        lines += ["", f"{one['rule']}  {one['title']}: {one['verdict']} {one['reason']}  [{one['clause']}]", f"  {one['message']}"]
        lines += [f"  not met: {words}" for words in one["not_met"]]
        lines += [f"  would pass if {words}" for words in one["would_pass_if"]]
        lines += [f"  {name.replace('_', ' ')}, {field['is']}: {field['meaning']}" for name, field in one["fields"].items()]
        lines.append(f"  the requester is told: {one['requester_is_told']}")
    lines += ["", "No rule fails or refers it."] if not found["findings"] else []
    return [*lines, "", f"Its sender may know: {' '.join(found['sender_may_know']) or 'nothing beyond the one answer all others get.'}"]
