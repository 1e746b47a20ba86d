"""What the two agencies exchange after a release: filings one way, recall orders the other."""

from portcullis.exchange.filing import Filing, about_hash, instant_of, read_filing
from portcullis.exchange.order import Order, read_order

__all__ = ["Filing", "Order", "about_hash", "instant_of", "read_filing", "read_order"]
