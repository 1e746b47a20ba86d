"""Every screen of the console: method, path, who may use it. A test visits each as each role and as nobody."""

from __future__ import annotations

from portcullis.console import (
    batches,
    deciding,
    entry,
    invited,
    keys,
    looking,
    matters,
    orders,
    reading,
    reporting,
    reviewing,
    sampling,
    standing_acts,
    terms_acts,
    trying,
    two_people,
    work,
)
from portcullis.console.request import Screen
from portcullis.model import Role

__all__ = ["EVERYBODY", "SCREENS"]

NOBODY: frozenset[Role] = frozenset()
"""No role is asked: the sign-in, and making a passkey with an invitation's code."""
EVERYBODY = frozenset({Role.OPERATOR, Role.REVIEWER, Role.AUTHORIZER, Role.COUNSEL, Role.SAFEGUARDS, Role.OVERSEER})
_REVIEWER = frozenset({Role.REVIEWER})
_AUTHORIZER = frozenset({Role.AUTHORIZER})
_COUNSEL = frozenset({Role.COUNSEL})
_OPERATOR = frozenset({Role.OPERATOR})
_SAMPLE = frozenset({Role.REVIEWER, Role.OVERSEER})
_LOOK = frozenset({Role.REVIEWER, Role.COUNSEL, Role.OVERSEER})
_SAFEGUARDS = frozenset({Role.SAFEGUARDS})
_KEEPERS = frozenset({Role.OPERATOR, Role.COUNSEL})
"""Who brings what an agency's root has signed: the root itself has no seat here."""
_FIGURES = EVERYBODY - {Role.SAFEGUARDS}

B = "/batches/{batch}"
R = B + "/review/{ordinal:int}"
A = "/agreements/{agreement}"
V = A + "/{version:int}"
K = "/keys/{key}"
M = "/safeguards/matters/{matter}"

SCREENS: tuple[Screen, ...] = (
    Screen("GET", "/", NOBODY, entry.sign_in_page),
    Screen("GET", "/sign-in", NOBODY, entry.sign_in_page),
    Screen("POST", "/sign-in", NOBODY, entry.sign_in),
    Screen("POST", "/sign-out", EVERYBODY, entry.sign_out),
    Screen("GET", "/passkeys", EVERYBODY, entry.enrol_page),
    Screen("POST", "/passkeys", EVERYBODY, entry.enrol),
    Screen("GET", "/invitation", NOBODY, invited.code_page),
    Screen("POST", "/invitation", NOBODY, invited.passkey_page),
    Screen("POST", "/invitation/passkey", NOBODY, invited.passkey_made),
    Screen("GET", "/keys", EVERYBODY, keys.keys),
    Screen("POST", "/keys/invite", _KEEPERS, keys.prepare_invitation),
    Screen("POST", "/keys/invite/sign", _KEEPERS, keys.sign_invitation),
    Screen("GET", K, _KEEPERS, keys.one_key),
    Screen("POST", K + "/enrol", _KEEPERS, keys.enrol_key_now),
    Screen("POST", K + "/decline", _KEEPERS, keys.decline_key),
    Screen("POST", K + "/revoke", _KEEPERS, keys.prepare_revocation),
    Screen("POST", K + "/revoke/sign", _KEEPERS, keys.sign_revocation),
    Screen("GET", "/queue", EVERYBODY, work.work),
    Screen("GET", "/queue/counts", EVERYBODY, work.waiting, polled=True),
    Screen("GET", "/batches", EVERYBODY, batches.batches),
    Screen("GET", B, _FIGURES, batches.batch),
    Screen("GET", B + "/counts", _FIGURES, batches.counts, polled=True),
    Screen("GET", B + "/requests", _FIGURES, batches.requests),
    Screen("GET", B + "/requests/{ordinal:int}", _LOOK, looking.look, of_batch=True),
    Screen("GET", B + "/requests/{ordinal:int}/evidence", _LOOK, reviewing.evidence, of_batch=True),
    Screen("GET", B + "/pools", _REVIEWER, reviewing.workpools, of_batch=True),
    Screen("GET", B + "/review", _REVIEWER, reviewing.next_review, of_batch=True),
    Screen("GET", R, _REVIEWER, reviewing.review, of_batch=True),
    Screen("POST", R, _REVIEWER, reviewing.record, of_batch=True),
    Screen("POST", R + "/sign", _REVIEWER, reviewing.sign_review, of_batch=True),
    Screen("GET", B + "/sample", _SAMPLE, sampling.sample, of_batch=True),
    Screen("POST", B + "/sample", _SAMPLE, sampling.sample_record, of_batch=True),
    Screen("GET", B + "/sample/{ordinal:int}", _SAMPLE, sampling.item, of_batch=True),
    Screen("POST", B + "/sample/{ordinal:int}", _SAMPLE, sampling.note, of_batch=True),
    Screen("POST", B + "/sample/sign", _SAMPLE, sampling.sample_sign, of_batch=True),
    Screen("GET", B + "/authorize", _AUTHORIZER, deciding.authorization, of_batch=True),
    Screen("POST", B + "/authorize", _AUTHORIZER, deciding.sign_authorization, of_batch=True),
    Screen("POST", B + "/return", _AUTHORIZER, deciding.sign_return, of_batch=True),
    Screen("GET", B + "/release", _FIGURES, deciding.release),
    Screen("POST", B + "/dispatch", _OPERATOR, deciding.dispatch_now),
    Screen("GET", "/agreements", EVERYBODY, reading.agreements),
    Screen("GET", A, EVERYBODY, reading.agreement),
    Screen("POST", A + "/switch", two_people.MAY_TURN, two_people.prepare_turn),
    Screen("POST", A + "/switch/sign", two_people.MAY_TURN, two_people.sign_turn),
    Screen("POST", A + "/stop", _COUNSEL, terms_acts.prepare_stop),
    Screen("POST", A + "/stop/sign", _COUNSEL, terms_acts.sign_stop),
    Screen("GET", V, EVERYBODY, terms_acts.version),
    Screen("POST", V, _KEEPERS, terms_acts.prepare_signature),
    Screen("POST", V + "/sign", _KEEPERS, terms_acts.sign_signature),
    Screen("GET", "/rules", EVERYBODY, reading.rules),
    Screen("GET", "/rules/try", EVERYBODY, trying.try_page),
    Screen("POST", "/rules/try", EVERYBODY, trying.try_request),
    Screen("GET", "/rules/{rule}", EVERYBODY, reading.rule),
    Screen("GET", "/orders", EVERYBODY, orders.orders),
    Screen("POST", "/orders", _COUNSEL, orders.prepare_order),
    Screen("POST", "/orders/sign", _COUNSEL, orders.sign_order),
    Screen("POST", "/orders/lift", two_people.MAY_LIFT, two_people.prepare_lift),
    Screen("POST", "/orders/lift/sign", two_people.MAY_LIFT, two_people.sign_lift),
    Screen("GET", "/safeguards", EVERYBODY, reading.safeguards),
    Screen("GET", M, EVERYBODY, matters.matter),
    Screen("POST", M, matters.MAY_ACT, matters.prepare_act),
    Screen("POST", M + "/sign", matters.MAY_ACT, matters.sign_act),
    Screen("POST", "/safeguards/standing", _SAFEGUARDS, standing_acts.prepare_standing),
    Screen("POST", "/safeguards/standing/sign", _SAFEGUARDS, standing_acts.sign_standing),
    Screen("GET", "/ledger", EVERYBODY, reading.ledger),
    Screen("POST", "/ledger", EVERYBODY, reading.verify_now),
    Screen("GET", "/accounting", _COUNSEL, reading.accounting_page),
    Screen("POST", "/accounting", _COUNSEL, reading.accounting),
    Screen("GET", "/reports", EVERYBODY, reporting.reports),
)
