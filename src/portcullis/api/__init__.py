"""The HTTP API (`/v1`), for the other agency's systems and for whoever checks the ledger.

1. An agency is known by its certificate, issued under the root key it has here (peers.py); what it may see is its own.
2. A batch is signed whatever the transport; the server receives it exactly as `portcullis batch receive` does (receiving.py).
3. Nothing that tells of a match is answered before two officers acted (view.py), and then for the whole batch at once.
4. A download of answers is a dispatch, or comes after one, and a stay stops it either way (answering.py).
5. An `Idempotency-Key` makes a repeated call answer as the first did (calls.py).
6. Every refusal is a problem document (RFC 9457) with no personal value in it (problems.py).
"""

from portcullis.api.app import application, public

__all__ = ["application", "public"]
