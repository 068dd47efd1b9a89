"""TLS for clients that speak nothing else: a certificate that was given, or one made for this machine.

What is made is a certificate for `localhost`, `127.0.0.1` and `::1` and an authority that has signed it and
nothing else: the authority's own key is thrown away at once, so that whoever trusts `ca.pem` trusts this one
server. Both stay in a folder and are used again until they are about to expire.
"""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import os
import ssl
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from agentrun.errors import AgentrunError

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

NAMES = ("localhost",)
ADDRESSES = ("127.0.0.1", "::1")
LIFE = datetime.timedelta(days=365)
RENEW_BEFORE = datetime.timedelta(days=7)


class CertificateFailed(AgentrunError):
    """A certificate cannot be read, made or kept."""


def load_certificate(certificate: Path, key: Path | None = None) -> ssl.SSLContext:
    """Return what serves with a certificate.

    Args:
        certificate: PEM, with the chain up to the authority that clients trust.
        key: PEM, without a password; None if it stands in the same file.

    Raises:
        CertificateFailed: a file cannot be read, or the two do not belong together.

    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # a key with a password is refused; asking for it would hold up the start
        context.load_cert_chain(certificate, key, password="")
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        files = f"`{certificate}`" if key is None else f"`{certificate}` and `{key}`"
        reason = getattr(error, "strerror", None) or error
        raise CertificateFailed(f"no TLS with {files}: {reason}") from error
    return context


def make_certificate(folder: Path, now: datetime.datetime) -> tuple[ssl.SSLContext, Path]:
    """Return what serves with a certificate of this machine, and the file that clients must trust.

    Args:
        folder: where certificates are kept; made if it is not there.
        now: with its time zone.

    Raises:
        CertificateFailed: the folder cannot be used.

    """
    server, authority = folder / "server.pem", folder / "ca.pem"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_fresh(server, now):
            _write(server, _make_pem(now), 0o600)
        # two engines may start at once: what clients trust follows from what is served, whoever wrote it
        _write(authority, _find_authority(server.read_bytes()), 0o644)
    except OSError as error:
        raise CertificateFailed(f"no certificate can be kept in `{folder}`: {error.strerror}") from error
    return load_certificate(server), authority


def find_folder(environment: Mapping[str, str]) -> Path:
    """Return where certificates of this machine are kept, by the custom of the platform."""
    named = environment.get("XDG_DATA_HOME") or environment.get("LOCALAPPDATA")
    return (Path(named) if named else Path.home() / ".local" / "share") / "agentrun" / "tls"


def _is_fresh(server: Path, now: datetime.datetime) -> bool:
    from cryptography import x509

    try:
        certificates = x509.load_pem_x509_certificates(server.read_bytes())
    except (FileNotFoundError, ValueError):
        return False
    return all(
        one.not_valid_before_utc <= now < one.not_valid_after_utc - RENEW_BEFORE for one in certificates
    )


def _write(file: Path, content: bytes, mode: int) -> None:
    """Write a file as a whole or not at all, readable by nobody else meanwhile."""
    with contextlib.suppress(FileNotFoundError):
        if file.read_bytes() == content:
            return
    handle, name = tempfile.mkstemp(dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as temporary:
            temporary.write(content)
        Path(name).chmod(mode)
        Path(name).replace(file)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _find_authority(pem: bytes) -> bytes:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    return x509.load_pem_x509_certificates(pem)[-1].public_bytes(Encoding.PEM)


def _make_pem(now: datetime.datetime) -> bytes:
    """Return the server's key, its certificate and its authority, one after the other."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = _name("agentrun engine on this machine")
    authority = _sign(issuer, authority_key, issuer, authority_key, now, is_authority=True)
    certificate = _sign(_name(NAMES[0]), key, issuer, authority_key, now, is_authority=False)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return b"".join([private, certificate.public_bytes(Encoding.PEM), authority.public_bytes(Encoding.PEM)])


def _name(common: str) -> x509.Name:
    from cryptography import x509

    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common)])


def _sign(
    subject: x509.Name,
    key: EllipticCurvePrivateKey,
    issuer: x509.Name,
    issuer_key: EllipticCurvePrivateKey,
    now: datetime.datetime,
    *,
    is_authority: bool,
) -> x509.Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    builder = x509.CertificateBuilder(
        subject_name=subject,
        issuer_name=issuer,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now - datetime.timedelta(minutes=5),  # clocks differ
        not_valid_after=now + LIFE,
    )
    for extension, critical in _extensions(is_authority):
        builder = builder.add_extension(extension, critical)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    issuer_identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    builder = builder.add_extension(identifier, False).add_extension(issuer_identifier, False)
    return builder.sign(issuer_key, hashes.SHA256())


def _extensions(is_authority: bool) -> list[tuple[x509.ExtensionType, bool]]:
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    usage = x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )
    basics = x509.BasicConstraints(ca=is_authority, path_length=0 if is_authority else None)
    if is_authority:
        return [(basics, True), (usage, True)]
    names = [x509.DNSName(name) for name in NAMES]
    addresses = [x509.IPAddress(ipaddress.ip_address(address)) for address in ADDRESSES]
    return [
        (basics, True),
        (usage, True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        (x509.SubjectAlternativeName([*names, *addresses]), False),
    ]
