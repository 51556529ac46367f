"""The certificate of the service. It is renewed while the service runs, by whoever renews it: the files are looked at
again and again, and new connections get what is in them."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import structlog
from cryptography import x509

from bridge.errors import UsageError
from bridge.settings.service import ServiceTls

EVERY = 1  # seconds
_SOON = 14 * 86400.0  # seconds before its end that it is warned of
_LOG = structlog.stdlib.get_logger("bridge.web")
Look = tuple[tuple[int, int, int], ...]


class Certificate:
    def __init__(self, tls: ServiceTls, clock: Callable[[], float] = time.time) -> None:
        """Raises UsageError where it cannot be used: that is said at the start."""
        self.file, self.key = tls.certificate, tls.key or tls.certificate
        self._clock, self._warned = clock, ""
        try:
            self._seen = self._look()
            self._load(_context())
            self._until = self._end()
        except OSError as error:
            raise UsageError(f"serve.tls: {self._why(error)}") from error

    def warn(self) -> None:
        """That it ends soon, or has ended, and is shown all the same: once each."""
        if self._until is None:
            said, what = "it is not known when the certificate ends", "write it as a plain `CERTIFICATE`"
        else:
            left, end = self._until - self._clock(), datetime.fromtimestamp(self._until, UTC).isoformat()
            said = "the certificate has expired" if left <= 0 else "the certificate ends soon" if left <= _SOON else ""
            what = f"it is good until {end}; renew it"
        if said not in ("", self._warned):
            _LOG.warning(said, what=f"serve.tls: {self.file}: {what}")
        self._warned = said

    def renew(self, context: ssl.SSLContext) -> None:
        """Where the files are others. What cannot be used (half of it is written, the key is not there yet) is said
        once, and the one before stays."""
        try:
            if (found := self._look()) == self._seen:
                return
            self._seen = found
            self._load(_context())  # first where a fault does no harm
            end = self._end()
            self._load(context)
            self._until, self._warned = end, ""
        except OSError as error:
            _LOG.error("the renewed certificate is not used", what=f"serve.tls: {self._why(error)}; the old one stays")
        else:
            _LOG.info("the certificate was renewed")

    def _look(self) -> Look:
        """What tells that a file is another; a link may lead to another one, too."""
        found = (file.stat() for file in (self.file, self.key))
        return tuple((one.st_ino, one.st_mtime_ns, one.st_size) for one in found)

    def _end(self) -> float | None:
        return _end_in(self.file)

    def _load(self, context: ssl.SSLContext) -> None:
        _load(context, self.file, self.key)

    def _why(self, error: OSError) -> str:
        files: set[Path] = {self.file, self.key}
        named = " and ".join(sorted(map(str, files)))
        if isinstance(error, ssl.SSLError):
            reason = (error.reason or "").replace("_", " ").lower() or "not PEM"
            return f"{named}: {reason}; give a certificate and its key in PEM, without a passphrase"
        return f"{named}: {error.strerror}; correct `certificate` and `key`, or their permissions"


def end_of(certificate: Path, key: Path) -> float | None:
    """When one of ours ends, in seconds since the epoch; None where it cannot be used, or read, as it is now."""
    try:
        _load(_context(), certificate, key)
        return _end_in(certificate)
    except OSError:  # whoever uses it says why
        return None


def _end_in(certificate: Path) -> float | None:
    """None where that cannot be read, though OpenSSL takes it (`TRUSTED CERTIFICATE`). The first one is ours, the
    others are its chain (RFC 8446 4.4.2)."""
    try:
        return x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc.timestamp()
    except ValueError:
        return None


def _load(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    context.load_cert_chain(certificate, key, password=_no_passphrase)


def _context() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)


def _no_passphrase() -> bytes:
    """OpenSSL would ask for it on a terminal, and wait."""
    return b""
