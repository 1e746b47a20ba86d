"""Portcullis, a disclosure gateway: a valid request is answered, anything else is impossible, and anyone entitled can check both."""

__version__ = "0.1.0"
__all__ = ["__version__"]
