"""Serve TLS, and use other certificates as soon as their files change; connections that are open keep theirs."""

import logging
import os
import ssl
from pathlib import Path
from typing import Any

import grpc

from collector.config import Tls
from core.errors import Misconfigured

log = logging.getLogger(__name__)

Stamps = tuple[tuple[int, int, int] | None, ...]


class Certificates:
    """Watch the files of one setting."""

    def __init__(self, tls: Tls) -> None:
        """Read them once, or raise Misconfigured."""
        self.tls = tls
        self._seen = self._stamps()
        context(tls)
        _warn_of_readers(tls.key)

    def changed(self) -> bool:
        """Say whether the files are others since this was asked last, and good; what is wrong is logged once."""
        stamps = self._stamps()
        if stamps == self._seen:
            return False
        self._seen = stamps
        try:
            context(self.tls)
        except Misconfigured as error:
            log.warning("the new certificate is not used; %s", error)
            return False
        log.info("%s is used from now on", self.tls.cert)
        return True

    def _stamps(self) -> Stamps:
        files = (self.tls.cert, self.tls.key, self.tls.client_ca)
        return tuple(_stamp(file) for file in files if file is not None)


class HttpContext:
    """Hold the context that asyncio uses for every new connection."""

    def __init__(self, certificates: Certificates) -> None:
        """Make it."""
        self._certificates = certificates
        self.context = context(certificates.tls)

    def refresh(self) -> None:
        """Load the files again if they have changed; they have just been found to be good."""
        if self._certificates.changed():
            _load(self.context, self._certificates.tls)


def grpc_credentials(tls: Tls) -> grpc.ServerCredentials:
    """Make credentials that look at the files with each handshake."""
    certificates = Certificates(tls)

    def fetch() -> Any:
        return _configuration(tls) if certificates.changed() else None

    return grpc.dynamic_ssl_server_credentials(_configuration(tls), fetch, tls.client_ca is not None)


def context(tls: Tls) -> ssl.SSLContext:
    """Make a context, or raise Misconfigured."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        _load(made, tls)
    except (ssl.SSLError, OSError) as error:
        raise Misconfigured(
            f"cannot use {tls.cert}, {tls.key} or {tls.client_ca}: {error}; all must be PEM files"
        ) from None
    return made


def _load(made: ssl.SSLContext, tls: Tls) -> None:
    made.load_cert_chain(tls.cert, tls.key)
    if tls.client_ca:
        made.load_verify_locations(tls.client_ca)
        made.verify_mode = ssl.CERT_REQUIRED


def _configuration(tls: Tls) -> Any:
    authority = tls.client_ca.read_bytes() if tls.client_ca else None
    return grpc.ssl_server_certificate_configuration([(tls.key.read_bytes(), tls.cert.read_bytes())], authority)


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def _warn_of_readers(key: Path) -> None:
    """Say that others may read the key; some platforms mount secrets like that, so it is no reason to stop."""
    if key.stat().st_mode & 0o004 and os.name == "posix":
        log.warning("%s can be read by everybody on this machine; chmod 600 it", key)
