"""Add up the sections that each folder owns, and read them from file, environment and flags."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, ValidationInfo, field_validator

from collector.config import Collector
from core.section import Section
from derive.config import Derive
from exporters.config import Exporter, Telemetry
from exporters.loops import leads_back
from mirror.config import Sync
from privacy.config import Privacy
from retention.config import Retention
from spanledger.layers import Given, Merged, merge
from spanledger.mistakes import Mistaken, explain
from spanledger.settings import DATABASE_PATH
from store.config import Store


class Logs(Section):
    """Say what happens, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severity that is written."""
    format: Literal["auto", "console", "json"] = "auto"
    """How it is written; "auto" is for people on a terminal and JSON lines elsewhere."""


class Config(Section):
    """Hold the whole configuration."""

    store: Store = Store()
    """Keep telemetry."""
    collector: Collector = Collector()
    """Receive OTLP."""
    privacy: Privacy = Privacy()
    """Keep secrets and content from being written; what is masked cannot be brought back."""
    derive: Derive = Derive()
    """Derive sessions, jobs, calls and costs."""
    retention: Retention = Retention()
    """Forget on purpose; `spanledger retention plan` shows what would go."""
    sync: Sync = Sync()
    """Mirror session directories."""
    exporters: dict[str, Exporter] = Field(default_factory=dict)
    """Send on what is kept, from where it stopped the last time; NAME is yours, and stands in logs and counters."""
    telemetry: Telemetry = Telemetry()
    """Send the measurements of `/metrics` to another collector too; nothing is sent unless `endpoint` is set."""
    logs: Logs = Logs()
    """Say what happens."""

    @field_validator("collector")
    @classmethod
    def _listens_somewhere(cls, value: Collector) -> Collector:
        if value.grpc.endpoint is None and value.http.endpoint is None:
            raise ValueError("grpc.endpoint and http.endpoint are both off; give at least one of them an address")
        return value

    @field_validator("exporters")
    @classmethod
    def _lead_away(cls, value: dict[str, Exporter], told: ValidationInfo) -> dict[str, Exporter]:
        for name, exporter in value.items():
            _refuse_ours(exporter.endpoint, told, f"{name}: ")
        return value

    @field_validator("telemetry")
    @classmethod
    def _is_another(cls, value: Telemetry, told: ValidationInfo) -> Telemetry:
        _refuse_ours(value.endpoint, told, "")
        return value


def _refuse_ours(endpoint: str, told: ValidationInfo, who: str) -> None:
    """Refuse what leads back by its name alone; other names are looked up when the daemon starts."""
    collector = told.data.get("collector")  # missing when it is wrong itself
    ours = [part.endpoint for part in (collector.grpc, collector.http) if part.endpoint] if collector else []
    if endpoint and leads_back(endpoint, ours):
        raise ValueError(f"{who}endpoint {endpoint} is this daemon's own listener; name another collector")


def default_database(environ: Mapping[str, str]) -> Path:
    """Say where the database is when nobody says so: in the user's data directory."""
    home = environ.get("XDG_DATA_HOME") or str(Path(environ.get("HOME") or "~").expanduser() / ".local" / "share")
    return Path(home) / "spanledger" / "spanledger.db"


def gather(*, file: Path | None, environ: Mapping[str, str], flags: Sequence[Given] = ()) -> Merged:
    """Lay the sources over each other; the database's path is always set."""
    merged = merge(Config, file=file, environ=environ, flags=flags)
    origin = merged.origin(DATABASE_PATH)
    if DATABASE_PATH not in merged.origins:
        merged.put(DATABASE_PATH, str(default_database(environ)), origin=origin)
    elif isinstance(path := merged.values["store"]["path"], str):
        merged.put(DATABASE_PATH, str(Path(path).expanduser()), origin=origin)
    return merged


def validate(merged: Merged) -> Config:
    """Make the configuration, or raise Mistaken with every mistake at once."""
    try:
        config = Config.model_validate(merged.values)
    except ValidationError as error:
        raise Mistaken([*merged.mistakes, *explain(error, merged, Config)]) from None
    if merged.mistakes:
        raise Mistaken(merged.mistakes)
    return config


def load(*, file: Path | None = None, environ: Mapping[str, str], flags: Sequence[Given] = ()) -> Config:
    """Read the configuration from file, environment and flags, or raise Mistaken with every mistake at once."""
    return validate(gather(file=file, environ=environ, flags=flags))
