"""Court orders: imposing a stay, lifting it, what it covers and did; orders that permit, and their conflicts with stays."""

from portcullis.orders.effects import effects
from portcullis.orders.permits import conflicts, end_permit, enter_permit, permit_content, permits
from portcullis.orders.scope import Scope, covers, stays_on
from portcullis.orders.stay import Imposed, impose, lift, lift_content, listed, mark_reached, order_content
from portcullis.orders.subjects import Limits, Subject, limits_of, name_subject, same_subject
from portcullis.orders.withhold import void_authorizations, withhold

__all__ = [
    "Imposed",
    "Limits",
    "Scope",
    "Subject",
    "conflicts",
    "covers",
    "effects",
    "end_permit",
    "enter_permit",
    "impose",
    "lift",
    "lift_content",
    "limits_of",
    "listed",
    "mark_reached",
    "name_subject",
    "order_content",
    "permit_content",
    "permits",
    "same_subject",
    "stays_on",
    "void_authorizations",
    "withhold",
]
