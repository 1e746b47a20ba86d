"""A person's signed act, as a form brings it.

The page shows what is acted on, and the act itself: `{origin, agreement, action, content, officer, nonce, expires}`. It comes back with
 a. a passkey's assertion over the SHA-256 of that act (WebAuthn; the script on the page asks for it),
 b. or an envelope signed elsewhere with a key file, pasted in: so a person without a script or a passkey can act as well,
 c. or, in a synthetic demo home alone, the wish to use the demo's own key file of that person, which lies in the home.
Nothing that comes back is believed: `officers.accept_act` checks signature, person, role, content as it is then, expiry and nonce.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass

from portcullis.console.request import Request
from portcullis.crypto import (
    ACT_TYPE,
    SigningKey,
    canonical,
    challenge_of,
    decode64url,
    encode64url,
    load_key,
    passkey_envelope,
    read_dsse,
    sign_act,
    strict_loads,
)
from portcullis.errors import Refused
from portcullis.home import DEMO_SECRET
from portcullis.model import Act
from portcullis.officers import officer_of_credential
from portcullis.store import reading

__all__ = ["ACT_TYPE", "Prepared", "assertion_of", "demo_key", "is_demo", "prepare", "signed"]

_HOURS = 8


@dataclass(frozen=True, slots=True)
class Prepared:
    """An act to be signed: its canonical text, the challenge for a passkey (base64url), whose it is when it is an agency root's, and
    whether the demo's key may be used. A root is a key file, never a passkey."""

    text: str
    challenge: str
    demo: bool
    root: str = ""


def prepare(request: Request, action: str, content: str, agreement: str = "", hours: int = _HOURS, root: str = "") -> Prepared:
    """The act this person would sign over `content` now; with `root` the act that agency's root key would sign."""
    home, officer = request.home, f"root:{root}" if root else request.person
    act = Act(home.settings.origin, agreement, action, content, officer, secrets.token_hex(16), home.now() + hours * 3600)
    return Prepared(canonical(act.payload()).decode(), encode64url(challenge_of(act)), is_demo(request), root)


def signed(request: Request, root: str = "") -> dict[str, object]:
    """The envelope this form brings, of the person or of an agency's root. Raises Refused when it brings none that has the form of one."""
    if pasted := request.form.get("envelope", "").strip():
        return read_dsse(pasted.encode())
    act = _act(request.form.get("act", ""))
    if act.officer != (f"root:{root}" if root else request.person):
        raise Refused("The act is another person's.", "You sign for yourself alone.", "Open the page again.")
    if request.form.get("assertion") and not root:
        credential, data, client, signature = assertion_of(request)
        with reading(request.home.engine) as conn:
            officer = officer_of_credential(conn, credential)
        if officer is None or officer.passkey is None or officer.person != request.person:
            raise Refused("This passkey is not one of yours.", "It is not enrolled for you, or was revoked.", "Use one that is.")
        return passkey_envelope(act, officer.passkey, authenticator_data=data, client_data=client, signature=signature)
    if request.form.get("with") == "demo":
        return sign_act(demo_key(request, f"root-{root}" if root else request.person), act)
    raise Refused("The act is not signed.", "Neither a passkey nor a signed statement came with the form.", "Sign it, then send it.")


def _act(text: str) -> Act:
    body = strict_loads(text.encode())
    names = set(Act.__slots__) - {"detail"}
    if not isinstance(body, dict) or set(body) != names:
        raise Refused("The form holds no act.", "A member is missing or unknown.", "Open the page again.")
    return Act(**body)


def assertion_of(request: Request) -> tuple[str, bytes, bytes, bytes]:
    """Credential id, authenticator data, client data and signature of a passkey's assertion. Raises Refused."""
    try:
        body = json.loads(request.form["assertion"])
        credential = str(body["id"])
        parts = [decode64url(body[name], "The assertion") for name in ("authenticatorData", "clientDataJSON", "signature")]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Refused("The passkey's answer cannot be read.", "A member is missing.", "Try it again.") from error
    return credential, parts[0], parts[1], parts[2]


def is_demo(request: Request) -> bool:
    """Whether this is a synthetic demo home, which carries everybody's key files."""
    return (request.home.path / "keys" / DEMO_SECRET).is_file()


def demo_key(request: Request, person: str) -> SigningKey:
    """The demo's key file of a person, or of a root (`root-IRS`). Raises Refused in any home that is not a demo's."""
    keys = request.home.path / "keys"
    path = keys / "people" / f"{person}.json"
    if not is_demo(request) or not path.is_file():
        raise Refused("This home holds no key of yours.", "Only a synthetic demonstration does.", "Sign with your passkey or key file.")
    key = load_key(path, (keys / DEMO_SECRET).read_bytes().strip())
    if not isinstance(key, SigningKey):
        raise Refused("This is no signing key.", "It is a vault's.", "Choose another person.")
    return key
