"""Key files: encrypted at rest, readable by their owner alone, never overwritten.

A key file is opened only when
 1. it is an ordinary file that neither group nor others can read (private_file.py),
 2. it is canonical JSON with exactly the members below, of a kind we know,
 3. its scrypt parameters are within bounds (a planted file cannot ask for all memory),
 4. AES-256-GCM opens under the secret, with all other members as associated data, so that nothing in the file can be exchanged,
 5. the private part inside gives the public key id written outside.

Members: `v` 1, `kind` (signing, agreement, secret, keyring), `key_id`, `public` (base64, JWK or null), `kdf` {name, n, r, p, salt},
`cipher`, `nonce`, `sealed`. scrypt: RFC 7914. It is not FIPS-approved; see `fips.py`.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from portcullis.crypto.canonical import canonical, strict_loads
from portcullis.crypto.encoding import decode64, encode64
from portcullis.crypto.keyring import Keyring
from portcullis.crypto.keys import AgreementKey, SigningKey
from portcullis.crypto.private_file import MAX_FILE, read_private, write_private
from portcullis.crypto.wrap import destroy, sync_folder
from portcullis.errors import OutOfOrder, Refused

__all__ = ["load_key", "load_keyring", "load_secret", "replace_keyring", "save_key", "save_keyring", "save_secret", "secret_from_env"]

SECRET_FILE = "PORTCULLIS_KEY_SECRET_FILE"  # noqa: S105 - the name of a variable
_MEMBERS = {"v", "kind", "key_id", "public", "kdf", "cipher", "nonce", "sealed"}
_KDF_MEMBERS = {"name", "n", "r", "p", "salt"}
_SCRYPT_N = 2**15
_SCRYPT_N_MAX = 2**20
_MIN_SECRET = 16
KEYRING_LIMIT = 4 << 20
_KINDS = ("signing", "agreement", "secret", "keyring")


def save_key(path: Path, key: SigningKey | AgreementKey, secret: bytes, *, n: int = _SCRYPT_N) -> None:
    """Write `key` to a new file at `path`, mode 0600, encrypted under `secret`.

    `n` is the scrypt cost, lower in tests only. Raises Refused when something is at `path` already.
    """
    signing = isinstance(key, SigningKey)
    public: object = encode64(key.public) if isinstance(key, SigningKey) else key.public_jwk
    header = {"kind": "signing" if signing else "agreement", "key_id": key.key_id, "public": public}
    _save(path, header, key.private_bytes(), secret, n)


def save_secret(path: Path, material: bytes, secret: bytes, *, n: int = _SCRYPT_N) -> None:
    """Write a symmetric key of 32 bytes (the accounting key) as `save_key` does."""
    if len(material) != 32:
        raise OutOfOrder("A symmetric key has 32 bytes.", f"This one has {len(material)}.")
    _save(path, {"kind": "secret", "key_id": _secret_id(material), "public": None}, material, secret, n)


def load_key(path: Path, secret: bytes) -> SigningKey | AgreementKey:
    """The key in the file at `path`; checks 1 to 5.

    Raises Refused when the file is absent, damaged, readable by others, or the secret is not its own.
    """
    kind, key_id, material = _load(path, secret)
    if kind in ("secret", "keyring"):
        raise Refused(f"{path.name} holds no key pair.", "It holds a symmetric key.", "Name the file of a signing or vault key.")
    key = SigningKey.from_private_bytes(material) if kind == "signing" else AgreementKey.from_private_bytes(material)
    if key.key_id != key_id:  # 5
        raise _damaged(path)
    return key


def load_secret(path: Path, secret: bytes) -> bytes:
    """The symmetric key of 32 bytes in the file at `path`; refuses as `load_key` does."""
    kind, key_id, material = _load(path, secret)
    if kind != "secret":
        raise Refused(f"{path.name} holds no symmetric key.", f"It holds a {kind} key.", "Name the file of an accounting key.")
    if not hmac.compare_digest(_secret_id(material), key_id):  # 5
        raise _damaged(path)
    return material


def save_keyring(path: Path, ring: Keyring, secret: bytes, *, n: int = _SCRYPT_N) -> None:
    """Write the wrapping keys as `save_key` does."""
    material = ring.material()
    _save(path, {"kind": "keyring", "key_id": _secret_id(material), "public": None}, material, secret, n)


def load_keyring(path: Path, secret: bytes) -> Keyring:
    """The wrapping keys in the file at `path`; refuses as `load_key` does."""
    kind, key_id, material = _load(path, secret, KEYRING_LIMIT)
    if kind != "keyring" or not hmac.compare_digest(_secret_id(material), key_id):  # 5
        raise Refused(f"{path.name} holds no wrapping keys.", f"It holds a {kind} key.", "Name the file wrapping.json that was kept.")
    return Keyring.from_material(material)


def replace_keyring(path: Path, ring: Keyring, secret: bytes) -> None:
    """Put `ring` in the place of the keyring at `path`, whose old file is overwritten, synced and unlinked.

    Killed anywhere, the file at `path` is the old or the new one whole; what was left of an old one is destroyed by the next call.
    """
    new, old = path.with_name(f"{path.name}.new"), path.with_name(f"{path.name}.old")
    destroy(old)
    destroy(new)
    save_keyring(new, ring, secret)
    os.link(path, old)
    new.replace(path)
    sync_folder(path.parent)
    destroy(old)


def secret_from_env(environment: Mapping[str, str] | None = None) -> bytes:
    """The secret that key files are encrypted under: the content of the file named by PORTCULLIS_KEY_SECRET_FILE.

    Raises Refused when it is not named, absent, readable by others, or shorter than 16 bytes.
    """
    name = (os.environ if environment is None else environment).get(SECRET_FILE, "")
    if not name:
        raise Refused("The key secret is not named.", f"{SECRET_FILE} is empty.", f"Set {SECRET_FILE} to a file that only you can read.")
    secret = read_private(Path(name)).strip()
    if len(secret) < _MIN_SECRET:
        raise Refused(
            "The key secret is too short.", f"It has fewer than {_MIN_SECRET} bytes.", "Write 32 random bytes, in hex, into the file."
        )
    return secret


def _save(path: Path, header: dict[str, object], material: bytes, secret: bytes, n: int) -> None:
    nonce, salt = secrets.token_bytes(12), secrets.token_bytes(16)
    body: dict[str, object] = {
        **header,
        "v": 1,
        "kdf": {"name": "scrypt", "n": n, "r": 8, "p": 1, "salt": encode64(salt)},
        "cipher": "AES-256-GCM",
        "nonce": encode64(nonce),
    }
    sealed = AESGCM(_stretch(secret, salt, n)).encrypt(nonce, material, canonical(body))
    write_private(path, canonical({**body, "sealed": encode64(sealed)}) + b"\n")


def _load(path: Path, secret: bytes, limit: int = MAX_FILE) -> tuple[str, str, bytes]:
    data = read_private(path, limit)  # 1
    try:
        body = strict_loads(data.removesuffix(b"\n"))
        if not isinstance(body, dict) or set(body) != _MEMBERS:  # 2
            raise _damaged(path)
        salt, n = _parameters(body["kdf"], path)  # 3
        nonce, sealed = decode64(body["nonce"], "The nonce"), decode64(body.pop("sealed"), "The sealed key")
    except Refused as error:
        raise _damaged(path) from error
    if body["v"] != 1 or body["cipher"] != "AES-256-GCM" or body["kind"] not in _KINDS or len(nonce) != 12:  # 2
        raise _damaged(path)
    try:
        material = AESGCM(_stretch(secret, salt, n)).decrypt(nonce, sealed, canonical(body))  # 4
    except InvalidTag:
        raise Refused(
            f"{path.name} does not open.", "The secret is another one, or the file was changed.", f"Check {SECRET_FILE}."
        ) from None
    return body["kind"], body["key_id"], material


def _parameters(kdf: object, path: Path) -> tuple[bytes, int]:
    if not isinstance(kdf, dict) or set(kdf) != _KDF_MEMBERS or kdf["name"] != "scrypt" or (kdf["r"], kdf["p"]) != (8, 1):
        raise _damaged(path)
    n = kdf["n"]
    if not isinstance(n, int) or isinstance(n, bool) or n < 2 or n > _SCRYPT_N_MAX or n & (n - 1):
        raise _damaged(path)
    return decode64(kdf["salt"], "The salt"), n


def _stretch(secret: bytes, salt: bytes, n: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=n, r=8, p=1).derive(secret)


def _secret_id(material: bytes) -> str:
    """Names a symmetric key without telling anything of it."""
    return hmac.new(material, b"portcullis/secret/1", hashlib.sha256).hexdigest()[:16]


def _damaged(path: Path) -> Refused:
    return Refused(
        f"{path.name} is damaged, or is no key file.",
        "It does not have the form that save_key writes.",
        "Restore it from where keys are kept.",
    )
