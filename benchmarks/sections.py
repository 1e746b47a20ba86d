"""How the output of each measurement becomes a section of docs/measurements.md."""

from __future__ import annotations

import json
import re

from measure import Ran, table

_WORDS = {
    "requests": "requests",
    "typing_seconds": "typing rows to facts, s",
    "of_it_masking_seconds": "… of it masking reasons, s",
    "compiled_check_seconds": "every rule of stage check, compiled from YAML, s",
    "by_hand_check_seconds": "the same predicates by hand, s",
    "ratio": "ratio",
    "rows_equal": "both give the same rows",
    "compiled_match_seconds": "every rule of stage match, s",
    "scalar_check_seconds": "checks of stage check that read one request alone, s",
    "scalar_check_million_per_second": "… million requests a second",
    "scalar_match_million_per_second": "stage match, which reads one request alone: million requests a second",
    "scalar_million_per_second": "both together: million requests a second",
    "million_requests_per_second": "every rule of both stages, counts within the batch included: million requests a second",
    "with_masking": "… and masking reasons: million requests a second",
    "shipped_rules": "rules with checks in irs-ice-2025",
    "claims": "claims",
    "shipped_proved": "proved",
    "shipped_seconds": "`agreement prove`, s",
    "shipped_processor_seconds": "… of the processor, s",
    "large_rules": "rules with checks in the large set",
    "large_proved": "proved",
    "large_questions": "questions asked of Z3",
    "large_seconds": "its proof, s",
    "large_processor_seconds": "… of the processor, s",
    "explain_one_request_ms": "one request through all rules, every finding explained, ms",
    "one_request_microseconds": "one request on SQLite, µs",
    "explain_one_request_milliseconds": "one request judged and explained, ms",
    "explain_from_evidence_milliseconds": "one request of the batch explained out of its evidence, ms",
}


def as_it_is(ran: Ran) -> str:
    """Markdown already."""
    return ran.output


def in_a_block(ran: Ran) -> str:
    """Plain text."""
    return f"```text\n{ran.output.strip()}\n```"


def rules(ran: Ran) -> str:
    """The JSON of benchmarks/rules.py as a table."""
    figures = json.loads(ran.output)
    rows = [(_WORDS.get(name, name), _shown(value)) for name, value in figures.items()]
    return table(["", "figure"], rows)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "NO"
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def faults(ran: Ran) -> str:
    """What the tests printed of themselves, and pytest's last line."""
    said = [line.strip(". ") for line in ran.output.splitlines() if re.match(r"\s*\.?(sqlite|postgresql|flips|damaged): ", line)]
    ended = [line for line in ran.output.splitlines() if re.search(r"\d+ passed", line)]
    return "\n".join(f"- {line}" for line in [*said, *ended[-1:]])


def conformance(ran: Ran) -> str:
    """How many requests went through which engines, and pytest's last line."""
    return "\n".join(
        f"- {line.strip()}" for line in ran.output.splitlines() if "all rules" in line or re.search(r"\d+ passed|failed", line)
    )
