"""Those who watch: the accounting of one person."""

from portcullis.oversight.person import Identity, accounting_of, requests_of

__all__ = ["Identity", "accounting_of", "requests_of"]
