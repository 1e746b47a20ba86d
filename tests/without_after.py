"""Taking out the safeguards of the time after a release and of oversight, one rule at a time (see without.py)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["table"]

_S, _O = "tests/safeguards", "tests/oversight"
_AI = f"{_S}/test_notices.py::test_a_declared_ai_analysis_stops_the_next_dispatch_until_it_is_acknowledged"
_NOTICED = f"{_S}/test_notices.py::test_an_objection_goes_on_stopping_and_a_withdrawal_ends_it[sqlite]"
_RECALLED = f"{_S}/test_recall.py::test_an_open_recall_stops_the_next_dispatch_and_a_closed_one_does_not[sqlite]"
_DISPOSED = f"{_S}/test_disposal.py::test_an_overdue_disposal_stops_the_flow_and_a_witnessed_one_frees_it"
_CLOCK = f"{_S}/test_incidents.py::test_the_clock_runs_from_identification_and_not_from_the_entry"


def table(removal: Callable[..., Any], module: Callable[[str], Any], rows_left_out: Callable[..., Any], alone: str) -> dict[str, Any]:
    """Rule → how it is taken out, which tests then fail, and the test of a lawful request."""

    def put(place: str, name: str, value: object) -> Callable[[str], None]:
        return lambda _: setattr(module(place), name, value)

    def no_stranger(_: str) -> None:
        for place in ("portcullis.safeguards.obligations", "portcullis.safeguards"):
            module(place).take_access_log = lambda *_: 0

    def no_deadline(_: str) -> None:
        module("portcullis.agreement.after").After.hours = lambda *_: 10**9

    every = {"press": "", "tigta-2": "", "irs": ""}
    return {
        "R44": removal(
            "No year without its report is noticed.",
            put("portcullis.oversight.annual", "gaps", lambda *_: []),
            (f"{_O}/test_reports.py::test_a_year_without_its_report_is_a_gap_until_it_is_published",),
            f"{_O}/test_reports.py::test_the_figures_follow_the_history[sqlite]",
        ),
        "R48": removal(
            "An access log is taken as it comes.",
            no_stranger,
            (f"{_S}/test_obligations.py::test_an_honest_log_has_no_strangers_and_a_stranger_in_it_is_counted",),
            f"{_S}/test_obligations.py::test_what_stands_on_the_no_use_list_is_not_shown_again",
        ),
        "R49": removal(
            "The table of redisclosure has no rows.",
            put("portcullis.safeguards.redisclosure", "REDISCLOSE", ()),
            (f"{_S}/test_redisclosure.py::test_a_recalled_record_is_not_passed_on_even_when_the_request_came_first",),
            f"{_S}/test_redisclosure.py::test_two_people_one_of_them_counsel_grant_it_and_a_recall_then_reaches_the_new_holder",
        ),
        "R50": removal("`may_release` is read without the row A29", rows_left_out("A29"), (_AI, f"{alone}[ai_notices_open]"), _NOTICED),
        "R51": removal(
            "`may_release` is read without the row A30",
            rows_left_out("A30"),
            (f"{alone}[environment_notices_open]",),
            f"{_S}/test_notices.py::test_an_environment_is_noticed_forty_five_days_before",
        ),
        "R52": removal("`may_release` is read without the row A31", rows_left_out("A31"), (f"{alone}[disposals_overdue]",), _DISPOSED),
        "R53": removal("`may_release` is read without the row A28", rows_left_out("A28"), (f"{alone}[recalls_open]",), _RECALLED),
        "R54": removal("An incident has no deadline.", no_deadline, (f"{_CLOCK}[25-False]",), f"{_CLOCK}[24-True]"),
        "R55": removal(
            "No notice decision is ever pending.",
            put("portcullis.safeguards.incidents", "_pending", lambda *_: 0),
            (f"{_S}/test_incidents.py::test_an_incident_is_closed_only_when_reported_told_and_determined",),
            f"{_S}/test_incidents.py::test_who_was_told_and_the_lag_to_the_court_are_shown",
        ),
        "R56": removal(
            "Whatever is found reaches the person.",
            put("portcullis.oversight.access", "permitted", lambda entries, *_: entries),
            (
                f"{_O}/test_access.py::test_grand_jury_entries_never_reach_the_person",
                f"{_O}/test_access.py::test_what_was_not_permitted_or_is_held_stays_out",
            ),
            f"{_O}/test_access.py::test_nothing_is_released_before_counsel_determines_and_then_what_was_permitted[sqlite]",
        ),
        "R60": removal(
            "The list of authorities is not closed.",
            put("portcullis.oversight.overseer", "authorities", lambda *_: every),
            (f"{_O}/test_export.py::test_nobody_outside_the_closed_list_gets_taxpayer_data[press]",),
            f"{_O}/test_export.py::test_it_answers_the_demand_and_names_nobody",
        ),
    }
