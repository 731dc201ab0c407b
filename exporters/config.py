"""Say what is sent on, and where to."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Protocol, Self

from pydantic import Field, FilePath, HttpUrl, SecretStr, TypeAdapter, field_validator, model_validator

from core.section import Duration, Section, Size
from schema.signals import Signal
from store import arrow

URL = TypeAdapter(HttpUrl)


class Receiver(Protocol):
    """Say how an OTLP receiver is reached."""

    @property
    def kind(self) -> str:
        """Name the protocol."""
        ...

    @property
    def endpoint(self) -> str:
        """Say where it is."""
        ...

    @property
    def headers(self) -> Mapping[str, SecretStr]:
        """Say what to send with each request."""
        ...

    @property
    def compression(self) -> str:
        """Say how requests are compressed."""
        ...

    @property
    def ca(self) -> Path | None:
        """Say where its certificate must come from."""
        ...

    @property
    def timeout(self) -> float:
        """Say how long it has to answer, in seconds."""
        ...


class Telemetry(Section):
    """Send the measurements of `/metrics` to another collector too; nothing is sent unless `endpoint` is set."""

    kind: Literal["otlp/http", "otlp/grpc"] = "otlp/http"
    """How they are sent."""
    endpoint: str = ""
    """Where to, such as "http://127.0.0.1:14318"; one of this daemon's own listeners is refused."""
    headers: dict[str, SecretStr] = Field(default_factory=dict)
    """Headers or metadata to send, such as {authorization = "Bearer …"}."""
    compression: Literal["gzip", "none"] = "gzip"
    """How requests are compressed."""
    ca: FilePath | None = None
    """Authority that the far side's certificate must come from, PEM; the system's unless set."""
    timeout: Duration = 10.0
    """Time the far side has to answer."""
    every: Annotated[Duration, Field(ge=1)] = 60.0
    """How often they are sent; what could not be sent is not sent later."""

    @field_validator("endpoint")
    @classmethod
    def _is_url(cls, value: str) -> str:
        return checked_url(value) if value else value


class Exporter(Section):
    """Send on what is kept, from where it stopped the last time; NAME is yours, and stands in logs and counters."""

    kind: Literal["otlp/http", "otlp/grpc", "files"]
    """"otlp/http" and "otlp/grpc" send to any OTLP receiver; "files" writes OTLP JSON lines."""
    endpoint: str = ""
    """Where to, such as "http://127.0.0.1:6006": to it, and to a path that it has, "/v1/traces" and so on are added."""
    folder: Path | None = None
    """Folder for `kind = "files"`."""
    format: Literal["jsonl", "parquet"] = "jsonl"
    """What `kind = "files"` writes: OTLP JSON lines, or a Parquet file for each request (`spanledger[parquet]`)."""
    headers: dict[str, SecretStr] = Field(default_factory=dict)
    """Headers or metadata to send, such as {authorization = "Bearer …"}."""
    compression: Literal["gzip", "none"] = "gzip"
    """How requests are compressed."""
    ca: FilePath | None = None
    """Authority that the far side's certificate must come from, PEM; the system's unless set."""
    signals: tuple[Signal, ...] = tuple(Signal)
    """Which signals are sent."""
    projects: tuple[str, ...] = ()
    """Only records whose resource names one of these, as `project.key` or `service.namespace`; all unless set."""
    agents: tuple[str, ...] = ()
    """Only records of these, by `service.name`; all unless set."""
    start: Literal["now", "beginning"] = "now"
    """Whether what was kept before the exporter was first seen is sent too."""
    batch_items: Annotated[int, Field(ge=1, le=10_000)] = 1024
    """Items in a request; one that is too large for the far side is halved until it fits."""
    timeout: Duration = 10.0
    """Time the far side has to answer."""
    max_age: Duration = 24 * 3600.0
    """Items that have waited longer are given up, and counted."""
    max_items: Annotated[int, Field(ge=1)] = 5_000_000
    """Items that may wait; beyond it the oldest are given up, and counted."""
    max_file: Size = 64 << 20
    """Size from which a new file is begun."""
    max_files: Annotated[int, Field(ge=1)] = 100
    """Files that are kept; the oldest go first."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.kind == "files":
            if self.folder is None:
                raise ValueError('folder is missing; kind = "files" needs one')
            if self.format == "parquet" and not arrow.is_there():
                raise ValueError(f"files in parquet need pyarrow; {arrow.EXTRA}")
            return self
        checked_url(self.endpoint)
        return self


def checked_url(text: str) -> str:
    """Give an endpoint back, or raise ValueError with an example."""
    try:
        URL.validate_python(text)
    except ValueError:
        raise ValueError(f"endpoint is {text!r}; a URL is wanted, such as http://127.0.0.1:4318") from None
    return text
