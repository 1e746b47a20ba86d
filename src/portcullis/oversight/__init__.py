"""Those who watch: the accounting of one person, and who looked at whom."""

from portcullis.oversight.looks import anomalies, note_own
from portcullis.oversight.person import Identity, accounting_of, blind_indices, requests_of

__all__ = ["Identity", "accounting_of", "anomalies", "blind_indices", "note_own", "requests_of"]
