"""Why there is no TLS connection: whose certificate, or which of our files, is to be mended."""

from __future__ import annotations

import ssl
from collections.abc import Iterable

from bridge.stores.access import Access

_TRUST = "say with `tls.ca` whom to trust, and is the URL right?"
_NO_AUTHORITY = "the file of `tls.ca` holds no certificate; put the authorities to trust there, in PEM"
_FAULTS = {
    "NO_CERTIFICATE_OR_CRL_FOUND": _NO_AUTHORITY,
    "[X509] PEM lib": _NO_AUTHORITY,
    "KEY_VALUES_MISMATCH": "our key is of another certificate; let `tls.certificate` and `tls.key` be of one pair",
    "[SSL] PEM lib": "the file of `tls.certificate` or `tls.key` holds none; put ours there, in PEM",
    "Client private key is encrypted, password is required": "our key has a passphrase; take it off in `tls.key`",
    "EOF occurred in violation of protocol": "the server broke the handshake off; does it want a certificate "
    "(`tls.certificate`), and is the URL right?",
    "WRONG_VERSION_NUMBER": "what answers does not speak TLS; is the URL right?",
}
"""By the reasons of OpenSSL, where it has one (else it names a library), and the words of urllib3."""
_OF_OURS = (
    "BAD_CERTIFICATE",
    "UNSUPPORTED_CERTIFICATE",
    "CERTIFICATE_REVOKED",
    "CERTIFICATE_EXPIRED",
    "CERTIFICATE_UNKNOWN",
    "CERTIFICATE_REQUIRED",
    "UNKNOWN_CA",
    "ACCESS_DENIED",
    "DECRYPT_ERROR",
    "HANDSHAKE_FAILURE",  # what TLS 1.2 says for `certificate_required`
)
"""Alerts of a server about the certificate of a client (RFC 8446 6.2)."""
_NO_FILE = (PermissionError, IsADirectoryError, FileNotFoundError)


def untrusted(faults: Iterable[object]) -> str:
    """Of a handshake that failed for these."""
    said = ""
    for one in faults:
        if message := getattr(one, "verify_message", None):
            return f"{message}; {_TRUST}"
        if isinstance(one, ssl.SSLError):
            said = one.reason or str(one.strerror).partition(" (")[0]
        elif isinstance(one, str) and one in _FAULTS:
            said = one
    if said in _FAULTS:
        return _FAULTS[said]
    _, alert, about = said.partition("_ALERT_")
    if alert and about in _OF_OURS:
        return f"the server refuses our certificate, or wants one ({_words(about)}); look at `tls.certificate`"
    return f"no handshake{f' ({_words(said)})' if said else ''}; {_TRUST}"


def no_file(faults: Iterable[object]) -> bool:
    """A connection that failed for these wanted a file: those of a socket are others."""
    return any(isinstance(one, _NO_FILE) for one in faults)


def unreadable(access: Access) -> str | None:
    """Which file of `tls` cannot be read: they are read for each connection, and one may be about to be renewed."""
    certificate, key = access.certificate or (None, None)
    for name, file in (("ca", access.ca), ("certificate", certificate), ("key", key)):
        try:
            if file is not None:
                open(file, "rb").close()
        except OSError as error:
            return f"`tls.{name}`: {file}: {error.strerror}; put it there, or correct its permissions"
    return None


def _words(reason: str) -> str:
    return reason.replace("_", " ").lower()
