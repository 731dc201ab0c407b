"""Write records to Parquet and read them, and lines compressed by zstd; both by pyarrow, the extra `parquet`.

A file's columns are those of the views `spans`, `log_records` and `metric_points` that records are made of again;
a metric point's value stands in `value_int` or `value_double`, as it was sent.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, Final

from schema.encode import Item
from schema.rows import COLUMNS
from schema.signals import Signal
from schema.unfold import RESOURCE, SCOPE

EXTRA: Final = "pip install 'spanledger[parquet]'"
SIGNAL: Final = b"spanledger.signal"
DOUBLES: Final = frozenset(("sum", "value_double"))
TEXTS: Final = frozenset(
    (
        *(
            "trace_id",
            "span_id",
            "parent_span_id",
            "trace_state",
            "name",
            "status_message",
            "attributes",
            "events",
            "links",
        ),
        *(
            "repaired",
            "event_name",
            "severity_text",
            "body",
            "description",
            "unit",
            "type",
            "metadata",
            "data",
            "exemplars",
        ),
        *("service_name", "resource", "resource_schema_url", "entity_refs"),
        *("scope_name", "scope_version", "scope_attributes", "scope_schema_url"),
    )
)
"""Columns by what they hold; all others are whole numbers."""
LEFT_OUT: Final = frozenset(("value", "fingerprint"))
"""One is written under two names, the other is made of content anew."""


def is_there() -> bool:
    """Say whether the library is installed."""
    return find_spec("pyarrow") is not None


def write(path: Path, signal: Signal, chunks: Iterable[list[Item]]) -> None:
    """Write records, a row group for each chunk."""
    import pyarrow as pa
    from pyarrow import parquet

    names = _names(signal)
    shape = pa.schema([(name, _type(pa, name)) for name in names], metadata={SIGNAL: signal.encode()})
    with parquet.ParquetWriter(path, shape, compression="zstd") as writer:
        for chunk in chunks:
            if chunk:
                rows = [_flat(item, names) for item in chunk]
                writer.write_table(pa.Table.from_pylist(rows, schema=shape))


def read(path: Path) -> Iterator[tuple[Signal, list[Item]]]:
    """Give records, a row group at a time; raise OSError when the file is damaged or none of ours."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            told = (file.schema_arrow.metadata or {}).get(SIGNAL)
            if told is None or told.decode() not in set(Signal):
                raise OSError(f"{path} does not say which signal it holds; spanledger wrote no such file")
            signal = Signal(told.decode())
            for number in range(file.num_row_groups):
                yield signal, [_item(row, signal) for row in file.read_row_group(number).to_pylist()]
    except pa.ArrowException as error:
        raise OSError(str(error)) from error


@contextmanager
def zstd(path: Path, mode: str) -> Iterator[IO[bytes]]:
    """Open a file of bytes that are compressed in it; `mode` is "rb" or "wb". Raise OSError when it is damaged."""
    import pyarrow as pa

    opened = pa.input_stream if mode == "rb" else pa.output_stream
    try:
        with opened(str(path), compression="zstd") as file:
            yield file
    except pa.ArrowException as error:
        raise OSError(str(error)) from error


def _names(signal: Signal) -> list[str]:
    own = [name for name in COLUMNS[signal] if name not in LEFT_OUT]
    values = ["value_int", "value_double"] if signal is Signal.METRICS else []
    return [*own, *values, *RESOURCE.values(), *SCOPE.values()]


def _type(pa: Any, name: str) -> Any:
    if name in TEXTS:
        return pa.string()
    return pa.float64() if name in DOUBLES else pa.int64()


def _flat(item: Item, names: list[str]) -> Item:
    value = item.get("value")
    told = {"value_int": value} if isinstance(value, int) else {"value_double": value}
    return {name: (item | told).get(name) for name in names}


def _item(row: Item, signal: Signal) -> Item:
    if signal is Signal.METRICS:
        row["value"] = row["value_double"] if row["value_int"] is None else row["value_int"]
    return row
