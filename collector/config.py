"""Say what a user may set about receiving."""

from typing import Annotated

from pydantic import Field, FilePath, SecretStr

from core.section import Address, AddressOrOff, Duration, Section, Size


class Tls(Section):
    """Serve TLS; both files are needed, and `client_ca` makes clients show a certificate."""

    cert: FilePath
    """Certificate chain, PEM."""
    key: FilePath
    """Private key, PEM."""
    client_ca: FilePath | None = None
    """Authority that client certificates must come from, PEM; switches mutual TLS on."""


class Grpc(Section):
    """Listen for OTLP/gRPC."""

    endpoint: AddressOrOff = Address("127.0.0.1", 4317)
    """Where to listen, or "off"."""
    tls: Tls | None = None
    """Serve TLS on this port."""


class Http(Section):
    """Listen for OTLP/HTTP, and serve health and metrics."""

    endpoint: AddressOrOff = Address("127.0.0.1", 4318)
    """Where to listen, or "off"."""
    tls: Tls | None = None
    """Serve TLS on this port."""
    allowed_hosts: tuple[str, ...] = ()
    """Names by which clients may call this server beside localhost and its own address."""
    allowed_origins: tuple[str, ...] = ()
    """Origins of web pages that may send telemetry from a browser; none by default."""


class Limits(Section):
    """Bound what senders can make the daemon hold."""

    request_bytes: Size = 64 << 20
    """Largest request, as received and after decompression."""
    in_flight_bytes: Size = 96 << 20
    """Bytes of all requests that are not answered yet."""
    memory: Size = 512 << 20
    """Resident memory to stay within; above half of it all uploads over gRPC but the oldest are asked to come again."""
    connections: int = 1024
    """Open HTTP connections."""
    streams: int = 256
    """Calls at once on one gRPC connection."""
    requests_per_second: Annotated[float, Field(ge=0)] = 0
    """Requests that each sender may make a second, by its token or its address; 0 sets no bound."""
    header_timeout: Duration = 10.0
    """Time a client has to send a request's headers."""
    body_timeout: Duration = 30.0
    """Time a client has to send a request's body."""
    answer_timeout: Duration = 60.0
    """Time after which a caller over HTTP that takes nothing of its answer is hung up on."""
    wait: Duration = 3.0
    """Time a request may wait for room before it is asked to come again."""
    answer_within: Duration = 5.0
    """Time after which an undurable request is asked to come again; clients give up after 10 s."""


class Collector(Section):
    """Receive OTLP."""

    grpc: Grpc = Grpc()
    http: Http = Http()
    limits: Limits = Limits()
    tokens: tuple[SecretStr, ...] = ()
    """Bearer tokens that senders must show; none means that everybody who can connect may send."""
    insecure_no_auth: bool = False
    """Allow listening beyond loopback without a token."""
