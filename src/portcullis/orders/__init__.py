"""Court orders: imposing a stay, lifting it, and what it covers."""

from portcullis.orders.scope import Scope, covers, stays_on
from portcullis.orders.stay import Imposed, impose, lift, lift_content, listed, order_content
from portcullis.orders.withhold import void_authorizations, withhold

__all__ = [
    "Imposed",
    "Scope",
    "covers",
    "impose",
    "lift",
    "lift_content",
    "listed",
    "order_content",
    "stays_on",
    "void_authorizations",
    "withhold",
]
