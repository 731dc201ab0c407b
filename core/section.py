"""Give every part of the configuration the same base and the same words for time, size and place.

A section is frozen, refuses keys it does not know, and takes the description of each setting from the string below it.
"""

import re
from collections.abc import Mapping
from math import inf
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler, PlainSerializer
from pydantic_core import CoreSchema, core_schema

SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3_600, "d": 86_400}

BYTES = {
    "B": 1,
    "KB": 1_000,
    "MB": 1_000**2,
    "GB": 1_000**3,
    "TB": 1_000**4,
    "KiB": 1_024,
    "MiB": 1_024**2,
    "GiB": 1_024**3,
    "TiB": 1_024**4,
}

MAX_PORT = 65_535

_NOT_IN_HOST = re.compile(r"[\s\[\]/@]")

_QUANTITY = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*", re.ASCII)


class Section(BaseModel):
    """Hold one part of the configuration: frozen, no unknown keys, described by docstrings."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        validate_default=True,
        hide_input_in_errors=True,
    )


class Address(NamedTuple):
    """Hold where to listen or to connect; port 0 asks the system for a free one."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Read 'HOST:PORT' or '[IPV6]:PORT', or raise ValueError with an example."""
        host, colon, port = text.strip().rpartition(":")
        if not colon or not _is_port(port) or not _is_host(host):
            raise ValueError(f"{text!r} is not an address; write HOST:PORT, such as 127.0.0.1:4318 or [::1]:4318")
        return cls(host.strip("[]"), int(port))

    def __str__(self) -> str:
        """Write the address the way it is read."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: type[Any], _handler: GetCoreSchemaHandler) -> CoreSchema:
        """Let pydantic read an address from text and write it as text."""
        return core_schema.no_info_plain_validator_function(
            _read_address, serialization=core_schema.to_string_ser_schema()
        )


def seconds(value: object) -> float:
    """Read a span of time such as '250ms', '30s', '5m', '2h' or '30d'; a bare number is seconds."""
    if _is_number(value):
        return _positive(float(value))  # type: ignore[arg-type]  # _is_number has just said so
    return _quantity(value, units=SECONDS, bare="s", example="250ms, 30s, 5m, 2h or 30d")


def size_bytes(value: object) -> int:
    """Read an amount of bytes such as '64MiB', '1GiB', '512KiB' or '10MB'; a bare number is bytes."""
    if _is_number(value):
        return int(_positive(float(value)))  # type: ignore[arg-type]  # _is_number has just said so
    return int(_quantity(value, units=BYTES, bare="B", example="64MiB, 1GiB, 512KiB or 10MB"))


def duration_text(value: float) -> str:
    """Write seconds in the largest unit that divides them: 5400 is '90m'."""
    if not value:
        return "0s"
    whole = (f"{int(value / SECONDS[unit])}{unit}" for unit in ("d", "h", "m", "s") if not value % SECONDS[unit])
    return next(whole, f"{value * 1000:g}ms")


def size_text(value: int) -> str:
    """Write bytes in the largest unit that divides them: 67108864 is '64MiB'."""
    units = sorted(BYTES.items(), key=lambda item: -item[1])
    return next((f"{value // factor}{unit}" for unit, factor in units if value and not value % factor), "0B")


def _quantity(value: object, *, units: Mapping[str, float], bare: str, example: str) -> float:
    match = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
    known = {name.lower(): factor for name, factor in units.items()}
    if match is None or (match[2] or bare).lower() not in known:
        raise ValueError(f"{value!r} is not understood; write a number with a unit, such as {example}")
    return float(match[1]) * known[(match[2] or bare).lower()]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _positive(value: float) -> float:
    if not 0 <= value < inf:
        raise ValueError(f"{value:g} is out of range; it must be zero or more")
    return value


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and int(text) <= MAX_PORT


def _is_host(text: str) -> bool:
    bare = text.removeprefix("[").removesuffix("]")
    needs_brackets = ":" in bare
    return bool(bare) and not _NOT_IN_HOST.search(bare) and text == (f"[{bare}]" if needs_brackets else bare)


def _read_address(value: object) -> Address:
    if isinstance(value, Address):
        return value
    return Address.parse(value if isinstance(value, str) else repr(value))


def _read_off(value: object) -> object:
    off = value is False or (isinstance(value, str) and value.strip().lower() == "off")
    return None if off else value


def _age(value: object) -> object:
    for_ever = value is None or (isinstance(value, str) and value.strip().lower() == "forever")
    return None if for_ever else seconds(value)


def _write_age(value: float | None) -> str:
    return "forever" if value is None else duration_text(value)


def _size_or_off(value: object) -> object:
    off = _read_off(value)
    return None if off is None else size_bytes(off)


def _write_size(value: int | None) -> str:
    return "off" if value is None else size_text(value)


def _write_off(value: Address | None) -> str:
    return "off" if value is None else str(value)


Duration = Annotated[
    float,
    BeforeValidator(seconds),
    PlainSerializer(duration_text, return_type=str),
    Field(json_schema_extra={"unit": "duration"}),
]
"""Seconds; written as '250ms', '30s', '5m', '2h', '30d' or a number."""

Size = Annotated[
    int,
    BeforeValidator(size_bytes),
    PlainSerializer(size_text, return_type=str),
    Field(json_schema_extra={"unit": "size"}),
]
"""Bytes; written as '64MiB', '1GiB', '512KiB', '10MB' or a number."""

AddressOrOff = Annotated[
    Address | None,
    BeforeValidator(_read_off),
    PlainSerializer(_write_off, return_type=str),
    Field(json_schema_extra={"unit": "address or 'off'"}),
]
"""An address, or None when the setting says 'off'."""

Age = Annotated[
    float | None,
    BeforeValidator(_age),
    PlainSerializer(_write_age, return_type=str),
    Field(json_schema_extra={"unit": "duration or 'forever'"}),
]
"""Seconds, or None when the setting says 'forever'."""

SizeOrOff = Annotated[
    int | None,
    BeforeValidator(_size_or_off),
    PlainSerializer(_write_size, return_type=str),
    Field(json_schema_extra={"unit": "size or 'off'"}),
]
"""Bytes, or None when the setting says 'off'."""
