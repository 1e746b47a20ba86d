"""One replay at 1:200, made once for the tests of its calibration."""

from __future__ import annotations

import pytest

from portcullis import synthetic

SCALE = 0.005


@pytest.fixture(scope="session")
def register() -> synthetic.Register:
    """100,000 persons."""
    return synthetic.register(SCALE)


@pytest.fixture(scope="session")
def june(register: synthetic.Register) -> synthetic.SyntheticBatch:
    """6,400 rows shaped like the file of June 2025."""
    return synthetic.june_2025(register, SCALE)


@pytest.fixture(scope="session")
def perfected(june: synthetic.SyntheticBatch, register: synthetic.Register) -> synthetic.SyntheticBatch:
    """The same people, lawfully asked."""
    return synthetic.perfected(june, register)
