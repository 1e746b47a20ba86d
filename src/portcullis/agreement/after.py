"""What an agreement says of the time after a release: deadlines, what stops the flow, who may ask for more (`after:` in agreement.yaml).

Every deadline of R50-R56 comes from here. Where an agreement is silent the strictest reading holds: nothing is waited for, and whatever
is open stops the flow.

`stops` says from when an open matter stops new dispatches to the agency: `open` from its opening, `overdue` from its deadline, `objected`
from an objection, `never` not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from portcullis.rules.document import Node

__all__ = ["STOPS", "After", "read_after", "stops_from"]

STOPS = ("open", "overdue", "objected", "never")
_DAY, _HOUR, _MINUTE = 86_400, 3_600, 60
_NUMBERS = {  # section.key: (the largest value, what stands when the agreement is silent)
    "recall.acknowledge_days": (366, 0),
    "recall.dispose_days": (366, 0),
    "ai_notice.answer_days": (366, 0),
    "environment_notice.notice_days": (3660, 45),
    "disposal.grace_days": (366, 0),
    "disposal.retain_days": (3660, 0),
    "incident.report_hours": (24, 24),
    "access.answer_days": (366, 0),
    "access.hold_days": (3660, 0),
    "suspension.answer_days": (366, 0),
    "reports.annual_days": (366, 90),
    "reports.small_cell": (1000, 11),
    "clock.minutes": (1440, 10),
    "alarms.drift_percent": (100, 20),
    "alarms.drift_batches": (1000, 3),
    "alarms.probed_percent": (100, 1),
    "alarms.day_from": (24, 6),
    "alarms.day_to": (24, 22),
    "alarms.after_hours": (1_000_000, 0),
}
_KINDS = {"recall": "open", "ai_notice": "open", "environment_notice": "open", "disposal": "overdue", "incident": "open"}


@dataclass(frozen=True, slots=True)
class After:
    """`number` holds every deadline by `section.key`, `stops` a policy by kind; `authorities` may see taxpayer data in an export,
    `told` must be told of an incident, `conditions` are what an AI notice must state as its safeguards."""

    number: Mapping[str, int] = field(default_factory=lambda: {name: silent for name, (_, silent) in _NUMBERS.items()})
    stops: Mapping[str, str] = field(default_factory=lambda: dict(_KINDS))
    authorities: Mapping[str, str] = field(default_factory=dict)
    told: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()

    def days(self, name: str) -> int:
        """A deadline in seconds."""
        return self.number[name] * _DAY

    def hours(self, name: str) -> int:
        """A deadline in seconds."""
        return self.number[name] * _HOUR

    @property
    def clock(self) -> int:
        """By how many seconds two agencies' clocks may differ."""
        return self.number["clock.minutes"] * _MINUTE


def stops_from(after: After, kind: str, opened: int, due: int | None) -> int | None:
    """From which second an open matter of this kind stops the flow; None when it does not."""
    policy = after.stops[kind]
    if policy == "open":
        return opened
    return due + 1 if policy == "overdue" and due is not None else None


def read_after(node: Node | None) -> After:
    """The section of an agreement, each figure in its bounds. Raises Refused with the place of the first fault."""
    silent = After()
    if node is None:
        return silent
    sections = {name.partition(".")[0] for name in _NUMBERS}
    top = node.mapping((), (*sorted(sections), "authorities", "source"))
    numbers, stops = dict(silent.number), dict(silent.stops)
    for section in sorted(sections & set(top)):
        keys = tuple(name.partition(".")[2] for name in _NUMBERS if name.startswith(f"{section}."))
        stated = top[section].mapping((), (*keys, "stops", "tell", "conditions", "citation", "source"))
        for key in set(keys) & set(stated):
            largest = _NUMBERS[f"{section}.{key}"][0]
            if not 0 <= stated[key].integer() <= largest:
                stated[key].refuse(f"a whole number from 0 to {largest} is wanted here")
            numbers[f"{section}.{key}"] = stated[key].integer()
        if "stops" in stated and section in stops:
            stops[section] = stated["stops"].text(STOPS)
    incident = top["incident"].mapping((), None) if "incident" in top else {}
    ai = top["ai_notice"].mapping((), None) if "ai_notice" in top else {}
    return After(
        number=numbers,
        stops=stops,
        authorities=_authorities(top.get("authorities")),
        told=tuple(item.text() for item in incident["tell"].items()) if "tell" in incident else (),
        conditions=tuple(item.text() for item in ai["conditions"].items()) if "conditions" in ai else (),
    )


def _authorities(node: Node | None) -> dict[str, str]:
    """Code → citation: the closed list of those who may see taxpayer data in an export (R60)."""
    listed = [item.mapping(("code", "citation"), None) for item in node.items()] if node else []
    return {item["code"].text(): item["citation"].text() for item in listed}
