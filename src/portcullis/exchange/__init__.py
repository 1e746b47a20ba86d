"""What the two agencies exchange after a release: filings one way; recall orders and the service of a court's order the other."""

from portcullis.exchange.filing import Filing, about_hash, instant_of, read_filing
from portcullis.exchange.order import Order, read_order
from portcullis.exchange.service import Service, read_service

__all__ = ["Filing", "Order", "Service", "about_hash", "instant_of", "read_filing", "read_order", "read_service"]
