"""Send OTLP/HTTP in protobuf to any receiver.

Nothing that the far side says is trusted: no redirect is followed, no more than 64 KiB of an answer is read,
neither proxies nor credentials are taken from the environment.
"""

import gzip
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

import requests
from google.protobuf.message import DecodeError

from core.errors import Refused, TooLarge, TryAgain
from exporters.exporter import Taken
from schema import protobuf_write
from schema.encode import Item
from schema.signals import WIRE, Signal

PROTOBUF: Final = "application/x-protobuf"
MOST_ANSWER: Final = 64 << 10
COME_AGAIN: Final = frozenset({408, 429, 502, 503, 504})
TO_BE_MENDED: Final = frozenset({301, 302, 303, 307, 308, 401, 403, 404, 405, 407})
"""Somebody has to change a setting, here or there; nothing is given up meanwhile."""
SHOWN: Final = 200


class HttpExporter:
    """Keep one connection to a receiver."""

    def __init__(
        self, endpoint: str, *, headers: Mapping[str, str], compress: bool, verify: str | bool, timeout_s: float
    ) -> None:
        """Connect with the first request."""
        self._base = endpoint.rstrip("/")
        self._compress = compress
        self._timeout_s = timeout_s
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = verify
        self._session.headers.update({"Content-Type": PROTOBUF, "User-Agent": "spanledger", **headers})
        if compress:
            self._session.headers["Content-Encoding"] = "gzip"

    def write(self, signal: Signal, items: Sequence[Item]) -> bytes:
        """Write items in protobuf."""
        return protobuf_write.request(signal, items)

    def send(self, signal: Signal, request: bytes) -> Taken:
        """Post one request."""
        try:
            with self._session.post(
                self._base + WIRE[signal].path,
                data=gzip.compress(request, 1) if self._compress else request,
                timeout=self._timeout_s,
                allow_redirects=False,
                stream=True,
            ) as response:
                return self._understood(signal, response)
        except requests.RequestException as error:
            raise TryAgain(f"{self._base} does not answer: {type(error).__name__}") from error

    def close(self) -> None:
        """Hang up."""
        self._session.close()

    def _understood(self, signal: Signal, response: requests.Response) -> Taken:
        status = int(response.status_code or 0)
        if status < HTTPStatus.MULTIPLE_CHOICES:
            return _taken(signal, response)
        text = f"{self._base} answered HTTP {status}"
        if status in TO_BE_MENDED:
            raise TryAgain(f"{text}; look at its endpoint and headers in the configuration", retry_after_s=30.0)
        if status in COME_AGAIN:
            raise TryAgain(text, retry_after_s=_delay_s(response))
        if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            raise TooLarge(text)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise TryAgain(text)
        raise Refused(text)


def _taken(signal: Signal, response: requests.Response) -> Taken:
    """Read what was refused; what is not an answer of OTLP's is a success all the same: it was 2xx."""
    try:
        answer = next(response.iter_content(MOST_ANSWER), b"")
    except requests.RequestException:  # cut off, or not compressed as it says
        return Taken()
    if not response.headers.get("Content-Type", "").startswith(PROTOBUF):
        return Taken()
    wire = WIRE[signal]
    try:
        partial = wire.response.FromString(answer).partial_success
    except DecodeError:
        return Taken()
    return Taken(getattr(partial, wire.rejected_field), partial.error_message[:SHOWN])


def _delay_s(response: requests.Response) -> float:
    told = response.headers.get("Retry-After", "")
    return float(told) if told.isdigit() else 1.0
