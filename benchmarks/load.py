"""Make requests as fast as they can be sent: encoded once, then filled with new ids and times.

A load is known by its seed: `request(n)` is the same bytes whenever and wherever it is asked for,
its protobuf and its JSON say the same, and no two requests share an id.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import itemgetter
from struct import Struct

from benchmarks import encode, holes
from benchmarks.traffic import SPAN_NS, Author, Request, Shape

TEMPLATES = 32
REQUEST_NS = 25_000_000
"""How far a request's spans begin after the one before, unless told: 512 spans in 25 ms are 20,480 a second."""
BEGIN_NS = 1_790_000_000_000_000_000
"""When the first span of a load begins: 2026-09-21, or what the caller says."""
LONGEST_SPAN_NS = 3_000_000_000

Values = list[bytes]


@dataclass(frozen=True, slots=True)
class Template:
    """Hold an encoded request in pieces: constant ones, and between them places for values."""

    pieces: Values
    pick: Callable[[Values], tuple[bytes, ...]]
    times: list[int]

    def filled(self, values: Values) -> bytes:
        """Write the request with these values."""
        pieces = self.pieces.copy()
        pieces[1::2] = self.pick(values)
        return b"".join(pieces)


class Load:
    """Make the requests of one load in one encoding, "protobuf" or "json"."""

    def __init__(
        self,
        encoding: str,
        *,
        seed: int = 1,
        shape: Shape | None = None,
        begin_ns: int = BEGIN_NS,
        every_ns: int = REQUEST_NS,
    ) -> None:
        """Encode the templates; that takes about two seconds. A request's spans begin `every_ns` after the last's."""
        self.shape = shape or Shape()
        self._seed = seed
        self._begin_ns, self._every_ns = begin_ns, every_ns
        self._values = {"protobuf": self._protobuf_values, "json": self._json_values}[encoding]
        self._templates = list(_templates(encoding, seed, self.shape))
        traces, ids = self.shape.traces, self.shape.traces + self.shape.spans
        self._id_bytes = 16 * traces + 8 * ids
        self._raw = Struct("16s" * traces + "8s" * ids)
        self._hex = Struct("32s" * traces + "16s" * ids)

    def request(self, number: int) -> bytes:
        """Write the request with this number."""
        template = self._templates[number % TEMPLATES]
        source = random.Random(self._seed << 40 | number)
        begin = self._begin_ns + number * self._every_ns
        return template.filled(
            self._values(source.randbytes(self._id_bytes), [begin + time for time in template.times])
        )

    def _protobuf_values(self, ids: bytes, times: list[int]) -> Values:
        return [*self._raw.unpack(ids), *self._texts(ids), *_packed(times)]

    def _json_values(self, ids: bytes, times: list[int]) -> Values:
        return [*self._texts(ids), *(b"%d" % time for time in times)]

    def _texts(self, ids: bytes) -> tuple[bytes, ...]:
        return self._hex.unpack(ids.hex().encode())


def _templates(encoding: str, seed: int, shape: Shape) -> Iterator[Template]:
    author = Author(seed, shape)
    source = random.Random(seed)
    for _ in range(TEMPLATES):
        request = author.request()
        times = _times(request, source)
        if encoding == "protobuf":
            yield _template(encode.protobuf(request), holes.in_protobuf, _first(shape, "protobuf"), times)
        else:
            yield _template(encode.json(request), holes.in_json, _first(shape, "json"), times)


def _template(
    body: bytes, find: Callable[[bytes], Iterator[holes.Hole]], first: dict[str, int], times: list[int]
) -> Template:
    pieces, places, end = [], [], 0
    for start, stop, kind, number in find(body):
        pieces += [body[end:start], b""]
        places.append(first[kind] + number)
        end = stop
    return Template([*pieces, body[end:]], itemgetter(*places), times)


def _first(shape: Shape, encoding: str) -> dict[str, int]:
    """Say where each kind's values begin in the list of all values."""
    ids = 2 * shape.traces + shape.spans
    return {"raw": 0, "hex": ids, "time": 2 * ids} if encoding == "protobuf" else {"hex": 0, "time": ids}


def _times(request: Request, source: random.Random) -> list[int]:
    """Draw when spans begin and end and events happen, from the request's beginning on."""
    size = request.shape.spans_per_trace
    begins = [number % size * SPAN_NS + number // size * 1_000 for number in range(request.shape.spans)]
    ends = [begin + source.randrange(1_000_000, LONGEST_SPAN_NS) for begin in begins]
    events = [source.randrange(LONGEST_SPAN_NS) for _ in range(request.event_times)]
    return [*begins, *ends, *events]


def _packed(times: list[int]) -> tuple[bytes, ...]:
    packed = Struct(f"<{len(times)}Q").pack(*times)
    return Struct("8s" * len(times)).unpack(packed)
