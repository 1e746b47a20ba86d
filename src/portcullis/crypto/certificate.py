"""Certificates for mutual TLS between the agencies, hung from the same root keys as everything else.

An agency's root key signs one authority certificate (itself) and, from it, short-lived certificates for the machines that speak for the
agency. A peer speaks for an agency only when
 1. its certificate is an Ed25519 or P-256 leaf, marked as no authority, for client authentication (RFC 5280 4.2.1.9, 4.2.1.12),
 2. it is valid at this instant,
 3. its signature verifies under the root key that the agency has here (not under a name it claims),
 4. the agency it names is that one.
The TLS library checks chain and dates as well; this module does not rely on it for 3 and 4.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Mapping

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from portcullis.crypto.keys import SigningKey
from portcullis.errors import Refused

__all__ = ["MAX_DAYS", "authority", "authority_key", "issue", "peer_agency"]

MAX_DAYS = 90
"""The longest life of a machine's certificate: nothing revokes one but its end and the agency's own care."""
_AUTHORITY_DAYS = 3650
_EARLIER = dt.timedelta(minutes=5)  # clocks differ


def authority(root: SigningKey, agency: str, now: int) -> bytes:
    """The agency's authority certificate (PEM), signed by its own root key."""
    private = Ed25519PrivateKey.from_private_bytes(root.private_bytes())
    builder = _builder(_name(agency), _name(agency), private.public_key(), now, _AUTHORITY_DAYS)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    usage = x509.KeyUsage(False, False, False, False, False, key_cert_sign=True, crl_sign=False, encipher_only=False, decipher_only=False)
    return builder.add_extension(usage, critical=True).sign(private, None).public_bytes(Encoding.PEM)


def issue(root: SigningKey, agency: str, names: list[str], now: int, days: int, secret: bytes) -> tuple[bytes, bytes]:
    """A new machine key and its certificate: (certificate PEM, key PEM encrypted under `secret`).

    `names` are the host names or addresses it may serve under. Raises Refused for more than MAX_DAYS.
    """
    if not 1 <= days <= MAX_DAYS:
        raise Refused("A certificate cannot stand that long.", f"It stands for 1 to {MAX_DAYS} days.", "Issue a new one when it ends.")
    signing, machine = Ed25519PrivateKey.from_private_bytes(root.private_bytes()), Ed25519PrivateKey.generate()
    builder = _builder(_name(agency), _name(agency, names[0] if names else "machine"), machine.public_key(), now, days)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    usages = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
    builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False)
    certificate = builder.sign(signing, None)
    key = machine.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(secret))
    return certificate.public_bytes(Encoding.PEM), key


def authority_key(pem: bytes) -> bytes:
    """The Ed25519 public key (32 bytes) of an authority certificate. Raises Refused for anything else."""
    try:
        public = x509.load_pem_x509_certificate(pem).public_key()
    except (ValueError, UnsupportedAlgorithm):
        public = None
    if not isinstance(public, Ed25519PublicKey):
        raise Refused("This is not an agency's authority certificate.", "It holds no Ed25519 key.", "Ask the agency for its ca.pem.")
    return public.public_bytes_raw()


def peer_agency(der: bytes, roots: Mapping[str, bytes], now: int) -> str | None:
    """The agency that the holder of this certificate speaks for, by checks 1 to 4; None when it is nobody's."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        if not _is_client(certificate):  # 1
            return None
        instant = dt.datetime.fromtimestamp(now, dt.UTC)
        if not certificate.not_valid_before_utc <= instant <= certificate.not_valid_after_utc:  # 2
            return None
        stated = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
        agency = str(stated[0].value) if len(stated) == 1 else ""
        if agency not in roots:  # 4
            return None
        Ed25519PublicKey.from_public_bytes(roots[agency]).verify(certificate.signature, certificate.tbs_certificate_bytes)  # 3
    except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm, x509.ExtensionNotFound):
        return None
    return agency


def _is_client(certificate: x509.Certificate) -> bool:
    public = certificate.public_key()
    known = isinstance(public, Ed25519PublicKey) or (isinstance(public, EllipticCurvePublicKey) and isinstance(public.curve, SECP256R1))
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    return known and not constraints.ca and ExtendedKeyUsageOID.CLIENT_AUTH in usage


def _builder(issuer: x509.Name, subject: x509.Name, public: Ed25519PublicKey, now: int, days: int) -> x509.CertificateBuilder:
    start = dt.datetime.fromtimestamp(now, dt.UTC)
    return (
        x509.CertificateBuilder()
        .issuer_name(issuer)
        .subject_name(subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start - _EARLIER)
        .not_valid_after(start + dt.timedelta(days=days))
    )


def _name(agency: str, machine: str | None = None) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, agency)]
    return x509.Name(parts if machine is None else [*parts, x509.NameAttribute(NameOID.COMMON_NAME, machine)])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
