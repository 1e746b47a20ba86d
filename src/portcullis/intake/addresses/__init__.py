"""Addresses: standard form and judgement."""

from portcullis.intake.addresses.standardise import standardise_addresses

STANDARDISER_VERSION = "address/1"

__all__ = ["STANDARDISER_VERSION", "standardise_addresses"]
