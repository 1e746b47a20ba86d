"""The only place that touches keys: sign, verify, open, commit, wrap.

`seal` is not offered here on purpose: only `release/` may import `portcullis.crypto.seal`.
"""

from portcullis.crypto.canonical import canonical, strict_loads
from portcullis.crypto.certificate import authority, authority_key, issue, peer_agency
from portcullis.crypto.commit import blind_index, commit, commit_text, open_commitment
from portcullis.crypto.dsse import ACT_TYPE, Lookup, open_act, open_dsse, pae, read_dsse, sign_act, sign_dsse, signer_of
from portcullis.crypto.encoding import decode64, decode64url, encode64, encode64url
from portcullis.crypto.evidence import read_parquet, read_parts, read_row, read_rows, write_parquet
from portcullis.crypto.fips import require_fips
from portcullis.crypto.keyfile import (
    load_key,
    load_keyring,
    load_secret,
    replace_keyring,
    save_key,
    save_keyring,
    save_secret,
    secret_from_env,
)
from portcullis.crypto.keyring import Keyring
from portcullis.crypto.keys import AgreementKey, SigningKey, can_sign, check_jwk, check_public, jwk_thumbprint, key_id_of, verify
from portcullis.crypto.private_file import read_private, write_private
from portcullis.crypto.unseal import open_sealed, sealed_header
from portcullis.crypto.webauthn import Passkey, challenge_of, passkey_envelope, verify_assertion
from portcullis.crypto.wrap import destroy, new_data_key, unwrap, wrap

__all__ = [
    "ACT_TYPE",
    "AgreementKey",
    "Keyring",
    "Lookup",
    "Passkey",
    "SigningKey",
    "authority",
    "authority_key",
    "blind_index",
    "can_sign",
    "canonical",
    "challenge_of",
    "check_jwk",
    "check_public",
    "commit",
    "commit_text",
    "decode64",
    "decode64url",
    "destroy",
    "encode64",
    "encode64url",
    "issue",
    "jwk_thumbprint",
    "key_id_of",
    "load_key",
    "load_keyring",
    "load_secret",
    "new_data_key",
    "open_act",
    "open_commitment",
    "open_dsse",
    "open_sealed",
    "pae",
    "passkey_envelope",
    "peer_agency",
    "read_dsse",
    "read_parquet",
    "read_parts",
    "read_private",
    "read_row",
    "read_rows",
    "replace_keyring",
    "require_fips",
    "save_key",
    "save_keyring",
    "save_secret",
    "sealed_header",
    "secret_from_env",
    "sign_act",
    "sign_dsse",
    "signer_of",
    "strict_loads",
    "unwrap",
    "verify",
    "verify_assertion",
    "wrap",
    "write_parquet",
    "write_private",
]
