"""OTLP's messages, except that attributes stay bytes until they are read.

On the wire a list of KeyValue and a list of bytes are the same.
As bytes, a pair that was met before is known again without being parsed, and one that is broken breaks nothing else.
"""

from typing import Any

from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from opentelemetry.proto.common.v1 import common_pb2
from opentelemetry.proto.logs.v1 import logs_pb2
from opentelemetry.proto.metrics.v1 import metrics_pb2
from opentelemetry.proto.resource.v1 import resource_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

PROTO = "opentelemetry.proto"
PAIR = f".{PROTO}.common.v1.KeyValue"
PAIRS_OF_A_VALUE = "KeyValueList"


def _file(file: Any) -> bytes:
    """Describe a file's messages with attributes as bytes."""
    described = FileDescriptorProto()
    file.DESCRIPTOR.CopyToProto(described)
    _loosen(described.message_type)
    return described.SerializeToString()


def _loosen(messages: Any) -> None:
    for message in messages:
        _loosen(message.nested_type)
        for field in message.field:
            if field.type_name == PAIR and message.name != PAIRS_OF_A_VALUE:
                field.ClearField("type_name")
                field.type = FieldDescriptorProto.TYPE_BYTES


_POOL = DescriptorPool()
for _each in (common_pb2, resource_pb2, trace_pb2, logs_pb2, metrics_pb2):
    _POOL.AddSerializedFile(_file(_each))


def _message(name: str) -> Any:
    return GetMessageClass(_POOL.FindMessageTypeByName(f"{PROTO}.{name}"))


KeyValue = common_pb2.KeyValue
ResourceSpans, ScopeSpans, Span = map(_message, ("trace.v1.ResourceSpans", "trace.v1.ScopeSpans", "trace.v1.Span"))
ResourceLogs, ScopeLogs, LogRecord = map(_message, ("logs.v1.ResourceLogs", "logs.v1.ScopeLogs", "logs.v1.LogRecord"))
ResourceMetrics, ScopeMetrics, Metric = map(
    _message, ("metrics.v1.ResourceMetrics", "metrics.v1.ScopeMetrics", "metrics.v1.Metric")
)
