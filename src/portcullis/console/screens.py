"""Every screen of the console: method, path, who may use it. A test visits each as each role and as nobody."""

from __future__ import annotations

from portcullis.console import batches, deciding, entry, looking, orders, reading, work
from portcullis.console.request import Screen
from portcullis.model import Role

__all__ = ["EVERYBODY", "SCREENS"]

NOBODY: frozenset[Role] = frozenset()
"""No role is asked: the sign-in alone."""
EVERYBODY = frozenset({Role.OPERATOR, Role.REVIEWER, Role.AUTHORIZER, Role.COUNSEL, Role.SAFEGUARDS, Role.OVERSEER})
_REVIEWER = frozenset({Role.REVIEWER})
_AUTHORIZER = frozenset({Role.AUTHORIZER})
_COUNSEL = frozenset({Role.COUNSEL})
_OPERATOR = frozenset({Role.OPERATOR})
_SAMPLE = frozenset({Role.REVIEWER, Role.OVERSEER})
_LOOK = frozenset({Role.REVIEWER, Role.COUNSEL, Role.OVERSEER})
_FIGURES = EVERYBODY - {Role.SAFEGUARDS}

B = "/batches/{batch}"
R = B + "/review/{ordinal:int}"

SCREENS: tuple[Screen, ...] = (
    Screen("GET", "/", NOBODY, entry.sign_in_page),
    Screen("GET", "/sign-in", NOBODY, entry.sign_in_page),
    Screen("POST", "/sign-in", NOBODY, entry.sign_in),
    Screen("POST", "/sign-out", EVERYBODY, entry.sign_out),
    Screen("GET", "/passkeys", EVERYBODY, entry.enrol_page),
    Screen("POST", "/passkeys", EVERYBODY, entry.enrol),
    Screen("GET", "/queue", EVERYBODY, work.work),
    Screen("GET", "/batches", EVERYBODY, batches.batches),
    Screen("GET", B, _FIGURES, batches.batch),
    Screen("GET", B + "/counts", _FIGURES, batches.counts),
    Screen("GET", B + "/requests", _FIGURES, batches.requests),
    Screen("GET", B + "/requests/{ordinal:int}", _LOOK, looking.look, of_batch=True),
    Screen("GET", B + "/review", _REVIEWER, looking.next_review, of_batch=True),
    Screen("GET", R, _REVIEWER, looking.review, of_batch=True),
    Screen("POST", R, _REVIEWER, looking.record, of_batch=True),
    Screen("POST", R + "/sign", _REVIEWER, looking.sign_review, of_batch=True),
    Screen("GET", B + "/sample", _SAMPLE, deciding.sample, of_batch=True),
    Screen("POST", B + "/sample", _SAMPLE, deciding.sample_record, of_batch=True),
    Screen("POST", B + "/sample/sign", _SAMPLE, deciding.sample_sign, of_batch=True),
    Screen("GET", B + "/authorize", _AUTHORIZER, deciding.authorization, of_batch=True),
    Screen("POST", B + "/authorize", _AUTHORIZER, deciding.sign_authorization, of_batch=True),
    Screen("POST", B + "/return", _AUTHORIZER, deciding.sign_return, of_batch=True),
    Screen("GET", B + "/release", _FIGURES, deciding.release),
    Screen("POST", B + "/dispatch", _OPERATOR, deciding.dispatch_now),
    Screen("GET", "/agreements", EVERYBODY, reading.agreements),
    Screen("GET", "/agreements/{agreement}", EVERYBODY, reading.agreement),
    Screen("GET", "/rules", EVERYBODY, reading.rules),
    Screen("GET", "/rules/{rule}", EVERYBODY, reading.rule),
    Screen("GET", "/orders", EVERYBODY, orders.orders),
    Screen("POST", "/orders", _COUNSEL, orders.prepare_order),
    Screen("POST", "/orders/sign", _COUNSEL, orders.sign_order),
    Screen("GET", "/safeguards", EVERYBODY, reading.safeguards),
    Screen("GET", "/ledger", EVERYBODY, reading.ledger),
    Screen("POST", "/ledger", EVERYBODY, reading.verify_now),
    Screen("GET", "/accounting", _COUNSEL, reading.accounting_page),
    Screen("POST", "/accounting", _COUNSEL, reading.accounting),
    Screen("GET", "/reports", EVERYBODY, reading.reports),
)
