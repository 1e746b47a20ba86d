"""Try a request: made-up values typed in, and what the rules of the agreement in force say of them. Nothing is recorded.

1. Only rules of stage check run, those that read the request alone. No register is opened, so nothing here can tell of anybody on it;
   there is nothing to be found out by trying names.
2. The values come in a form and go back into it; they stand in no address, log, file or leaf.
3. What a batch adds is taken as it should be: an eligible, engaged officer with a plausible load. Counts over a batch see this one request.
4. The form begins with the lawful request that stands beside the agreement's rules (cases/lawful.yaml), which is made up.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from portcullis.agreement import Agreement, law_on, positions
from portcullis.console.reading import in_force
from portcullis.console.request import Request
from portcullis.errors import Refused
from portcullis.intake.facts_cases import typed_rows
from portcullis.model import DATA_COLUMNS, Finding, Verdict
from portcullis.rules import RuleSet, evaluate
from portcullis.rules.because import because, for_requester
from portcullis.rules.cases import Lawful, facts_table, lawful
from portcullis.store import reading

__all__ = ["try_page", "try_request"]

_EPOCH = dt.date(1970, 1, 1)
_LONG = {"reason", "elements", "attestations"}
_MOST = 2000
_HIDDEN = {"request_id"}
_ENGAGED = {"officers": 1, "engaged_signed": 1, "engaged_eligible": 1, "engaged_trained": 1, "engaged_min_load": 12}


def _base(agreement: Agreement) -> Lawful | None:
    """The lawful request beside the rules; None where the agreement brings none."""
    return lawful(agreement.folder) if (agreement.folder / "cases" / "lawful.yaml").is_file() else None


def _fields(row: Mapping[str, str | None]) -> list[dict[str, Any]]:
    return [
        {"name": name, "label": name.replace("_", " "), "value": row.get(name) or "", "long": name in _LONG}
        for name in DATA_COLUMNS
        if name not in _HIDDEN
    ]


def try_page(request: Request) -> Response:
    """The form, with the lawful request in it."""
    agreement = in_force(request)
    base = _base(agreement) if agreement else None
    received = _EPOCH + dt.timedelta(days=base.received_on if base else request.home.now() // 86_400)
    return request.page("try.html", fields=_fields(base.row if base else {}), received=received.isoformat(), found=None, known=agreement)


def try_request(request: Request) -> Response:
    """What the rules say of the values typed in."""
    agreement, form = in_force(request), request.form
    if agreement is None:
        raise Refused("No agreement is in force.", "Without one there are no rules to try.", "See the list of agreements.")
    row = {name: form.get(name, "").strip()[:_MOST] or None for name in DATA_COLUMNS if name not in _HIDDEN}
    try:
        received = dt.date.fromisoformat(form.get("received_on", ""))
    except ValueError as error:
        raise Refused("The day of receipt cannot be read.", "It is a day of the calendar.", "Write it as 2026-11-21.") from error
    found = _judged(request, agreement, row, (received - _EPOCH).days)
    return request.page("try.html", fields=_fields(row), received=received.isoformat(), found=found, known=agreement)


def _judged(request: Request, agreement: Agreement, row: Mapping[str, str | None], day: int) -> dict[str, Any]:
    """Every finding that fails or refers, explained; how many rules passed; and what the sender would be told."""
    law = law_on(agreement, day)
    with reading(request.home.engine) as conn:
        switches = {name: on for name, on in positions(conn, agreement).items() if name in law.switches}
    base = _base(agreement)
    officer, document = (dict(base.officer), dict(base.document)) if base else (dict(_ENGAGED), {})
    facts = {**typed_rows([{**row, "request_id": "tried"}], day).to_pylist()[0], **officer, **document, "ordinal": 1}
    findings = evaluate(law, "check", facts_table(law, [facts]), switches=switches).to_pylist()[0]
    bad = _bad(law, findings)
    return {
        "bad": [because(law, one, facts, switches) for one in bad],
        "passed": sum(findings[rule.id] == Verdict.PASS for rule in law.rules if rule.id in findings),
        "told": for_requester(law, [("check", one) for one in bad]),
        "refused": any(one.verdict is Verdict.FAIL for one in bad),
    }


def _bad(law: RuleSet, findings: Mapping[str, Any]) -> list[Finding]:
    stated = [rule for rule in law.rules if rule.id in findings and findings[rule.id] >= Verdict.REFER]
    return [Finding(rule.id, Verdict(findings[rule.id]), findings[f"{rule.id}_reason"], rule.citation, rule.message) for rule in stated]
