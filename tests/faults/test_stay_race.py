"""1,000 stays at random moments among 16 writing processes, on each store (issue 2, Numbers)."""

from __future__ import annotations

import pytest

from store_trials import trials

pytestmark = pytest.mark.faults


@pytest.mark.timeout(900)
def test_a_stay_under_sixteen_writers_returns_within_a_second_and_nothing_leaves_after_it(
    store_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = trials(store_url, 1_000)
    with capsys.disabled():
        waits = sorted(outcome.waits)
        print(
            f"\n{store_url.split(':', maxsplit=1)[0]}: {len(waits)} stays, wait median {waits[len(waits) // 2] * 1000:.1f} ms, "
            f"longest {waits[-1] * 1000:.1f} ms; {outcome.dispatches} dispatches, {outcome.late} late"
        )
    assert outcome.late == 0
    assert waits[-1] < 1.0
    assert outcome.dispatches > 1_000, "the writers must have been writing"
