"""Who calls.

1. The server hands over the certificate that TLS verified, as `extensions["tls"]["client_cert"]` of the request's scope (server.py).
   Nothing a caller writes can put it there: a header is never read for it.
2. The agency is the one whose root key, as enrolled here now, signed that certificate (crypto.certificate).
3. A call without one is nobody's, and is answered only what is public.
"""

from __future__ import annotations

import time
from typing import Annotated, cast

from fastapi import Depends, Request
from sqlalchemy import select

from portcullis.api.problems import Problem
from portcullis.crypto import decode64, peer_agency
from portcullis.home import Home
from portcullis.store import reading, schema

__all__ = ["Agency", "HomeOf", "home_of"]


def home_of(request: Request) -> Home:
    """The home this server serves."""
    return cast(Home, request.app.state.home)


HomeOf = Annotated[Home, Depends(home_of)]


def _agency(request: Request, home: HomeOf) -> str:
    """The receiving agency that calls. Raises Problem 401 for nobody, 403 for a party that asks for nothing."""
    der = request.scope.get("extensions", {}).get("tls", {}).get("client_cert")
    p = schema.party
    with reading(home.engine) as conn:
        rows = conn.execute(select(p.c.agency, p.c.side, p.c.root_public)).all()
    agency = peer_agency(der, {row.agency: decode64(row.root_public, "root key") for row in rows}, int(time.time())) if der else None
    if agency is None:
        raise Problem(401, "Agencies call with a certificate issued under their root key.", "", "Make one: portcullis key certificate")
    if next(row.side for row in rows if row.agency == agency) != "recipient":
        raise Problem(403, "Only an agency that asks may call this.")
    return agency


Agency = Annotated[str, Depends(_agency)]
