"""Make OTLP requests of every shape, and their JSON twins, without the help of what is tested."""

from base64 import b64encode
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from opentelemetry.proto.common.v1.common_pb2 import (
    AnyValue,
    ArrayValue,
    KeyValue,
    KeyValueList,
)

from schema.decode import decode
from schema.rows import COLUMNS, RESOURCE_COLUMNS, SCOPE_COLUMNS, Batch
from schema.signals import Signal

RECEIVED_AT = 1795219725620893420
INT_64 = (FieldDescriptor.CPPTYPE_INT64, FieldDescriptor.CPPTYPE_UINT64)
DOUBLES = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}


def twin(message: Message) -> dict[str, Any]:
    """Write a protobuf message as OTLP/JSON: the fields that are set, under lowerCamelCase names."""
    return {field.json_name: _field(field, value) for field, value in message.ListFields()}


def twin_bytes(message: Message) -> bytes:
    """Write a protobuf request as the body of its OTLP/JSON twin."""
    return orjson.dumps(twin(message))


def _field(field: FieldDescriptor, value: Any) -> Any:
    return [_single(field, item) for item in value] if field.is_repeated else _single(field, value)


def _single(field: FieldDescriptor, value: Any) -> Any:
    if field.type == FieldDescriptor.TYPE_MESSAGE:
        return twin(value)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return value.hex() if field.name.endswith("_id") else b64encode(value).decode()
    if field.cpp_type in INT_64:
        return str(value)
    if field.type == FieldDescriptor.TYPE_DOUBLE:
        return DOUBLES.get(str(value), value)
    return value


Read = Callable[[Signal, Message], Batch]


def read(signal: Signal, message: Message) -> Batch:
    """Decode a protobuf request."""
    return decode(signal, "protobuf", message.SerializeToString(), transport="http", received_at=RECEIVED_AT)


def read_twin(signal: Signal, message: Message) -> Batch:
    """Decode the OTLP/JSON twin of a protobuf request."""
    return read_json(signal, twin(message))


def read_json(signal: Signal, document: Any) -> Batch:
    """Decode an OTLP/JSON request: a document, or bytes as they are."""
    body = document if isinstance(document, bytes) else orjson.dumps(document)
    return decode(signal, "json", body, transport="http", received_at=RECEIVED_AT)


in_both = pytest.mark.parametrize("decoded", [read, read_twin], ids=["protobuf", "json"])
"""Run a test with both encodings of the same request; the argument `decoded` decodes it."""


def array(*values: AnyValue) -> AnyValue:
    """Put values into an array."""
    return AnyValue(array_value=ArrayValue(values=values))


def kvlist(*held: KeyValue) -> AnyValue:
    """Put pairs into a kvlist."""
    return AnyValue(kvlist_value=KeyValueList(values=held))


def nested(levels: int, leaf: AnyValue) -> AnyValue:
    """Put a value into arrays within arrays."""
    for _ in range(levels):
        leaf = array(leaf)
    return leaf


def varint(value: int) -> bytes:
    """Write a number as protobuf does."""
    return bytes([value & 127 | 128]) + varint(value >> 7) if value > 127 else bytes([value])


def delimited(field: int, body: bytes) -> bytes:
    """Write a field that holds bytes, a string or a message."""
    return varint(field << 3 | 2) + varint(len(body)) + body


def items(batch: Batch) -> list[dict[str, Any]]:
    """Give a batch's rows as a reader of the tables would: columns by name, joined with those of resource and scope."""
    return [_joined(batch, dict(zip(COLUMNS[batch.signal], row, strict=True))) for row in batch.rows]


def item(batch: Batch) -> dict[str, Any]:
    """Give the only row of a batch in which nothing was refused."""
    assert not batch.rejections, batch.message
    (found,) = items(batch)
    return found


def _joined(batch: Batch, row: dict[str, Any]) -> dict[str, Any]:
    resource = dict(zip(RESOURCE_COLUMNS, batch.resources[row["resource_id"]], strict=True))
    scope = dict(zip(SCOPE_COLUMNS, batch.scopes[row["scope_id"]], strict=True))
    return {
        **row,
        "entity_refs": resource["entity_refs"],
        "resource": resource["attributes"],
        **{f"resource_{name}": resource[name] for name in ("dropped_attributes_count", "schema_url")},
        **{f"scope_{name}": scope[name] for name in SCOPE_COLUMNS[1:]},
    }
