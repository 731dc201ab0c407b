"""Content types and codings that are not what they say: rows 10 to 12 and 15 to 20."""

import gzip
import zlib

import pytest

from schema.signals import WIRE, Signal
from tests.support import build, build_json, http2
from tests.support.clients import JSON, PROTOBUF, post
from tests.support.service import Running

BOM = b"\xef\xbb\xbf"
UTF_16 = ["utf-16", "utf-16-le", "utf-16-be"]
WHOLE = gzip.compress(build.body(Signal.TRACES, 100))
INVALID_ARGUMENT, INTERNAL = 3, 13


def coded(coding: str) -> dict[str, str]:
    """Write the headers of a coded protobuf body."""
    return {**PROTOBUF, "Content-Encoding": coding}


def corrupt() -> dict[str, bytes]:
    """Make gzip bodies that are broken in the middle, at the end, or from the start."""
    middle = len(WHOLE) // 2
    return {
        "no gzip": b"this is not gzip",
        "flipped": WHOLE[:middle] + bytes([WHOLE[middle] ^ 0xFF]) + WHOLE[middle + 1 :],
        "wrong sum": WHOLE[:-8] + bytes(4) + WHOLE[-4:],
        "wrong size": WHOLE[:-4] + b"\xff\xff\xff\xff",
    }


@pytest.mark.parametrize("signal", Signal)
def test_row_10_a_missing_content_type_is_unsupported(shared_service: Running, signal: Signal) -> None:
    """Without a content type nothing is guessed."""
    reply = post(shared_service, WIRE[signal].path, build.body(signal), {})

    assert (reply.status, reply.error.code) == (415, INVALID_ARGUMENT)
    assert shared_service.count(signal) == 0


@pytest.mark.parametrize(
    "media", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json", ""]
)
@pytest.mark.parametrize("signal", Signal)
def test_row_11_what_a_web_page_can_send_unasked_is_never_parsed(
    shared_service: Running, signal: Signal, media: str
) -> None:
    """The content types that a browser sends without asking first are unsupported, though the body is good."""
    body = build_json.request(signal, build_json.ONE[signal]())

    assert post(shared_service, WIRE[signal].path, body, {"Content-Type": media}).status == 415
    assert shared_service.count(signal) == 0


@pytest.mark.parametrize("encoding", UTF_16)
@pytest.mark.parametrize("signal", Signal)
def test_row_12_json_in_utf_16_is_refused(shared_service: Running, signal: Signal, encoding: str) -> None:
    """JSON is UTF-8; whoever sends UTF-16 is told so, with or without a declared charset."""
    body = build_json.request(signal, build_json.ONE[signal]()).decode().encode(encoding)

    for media in ("application/json", f"application/json; charset={encoding}"):
        reply = post(shared_service, WIRE[signal].path, body, {"Content-Type": media})

        assert reply.status == 400
        assert "UTF-16" in reply.error.message
    assert shared_service.count(signal) == 0


def test_row_12_a_utf_8_mark_is_accepted(service: Running) -> None:
    """A byte order mark before UTF-8 does no harm."""
    body = build_json.request(Signal.TRACES, build_json.span())

    assert post(service, "/v1/traces", BOM + body, JSON).status == 200
    assert service.count("traces") == 1


@pytest.mark.parametrize("coding", ["gzip, gzip", "gzip,gzip", "gzip, deflate", "identity, gzip"])
def test_row_15_two_codings_are_unsupported(shared_service: Running, coding: str) -> None:
    """A body that is said to be coded twice is not undone twice."""
    reply = post(shared_service, "/v1/traces", gzip.compress(WHOLE), coded(coding))

    assert (reply.status, reply.headers["accept-encoding"]) == (415, "gzip, deflate")


def test_row_15_a_body_coded_twice_and_announced_once_is_no_message(shared_service: Running) -> None:
    """What is gzip after gzip was undone is refused, and recognised."""
    reply = post(shared_service, "/v1/traces", gzip.compress(WHOLE), coded("gzip"))

    assert reply.status == 400
    assert "gzip" in reply.error.message
    assert shared_service.count("traces") == 0


@pytest.mark.parametrize("kind", corrupt())
def test_row_16_corrupt_gzip_is_the_senders_fault(shared_service: Running, kind: str) -> None:
    """Broken gzip is 400, never 500; over gRPC the library itself says INTERNAL (otlp.md 0.1)."""
    body = corrupt()[kind]
    reply = post(shared_service, "/v1/traces", body, coded("gzip"))
    called = http2.exported(shared_service.grpc, body, compressed=True, grpc_encoding="gzip")

    assert (reply.status, reply.error.code) == (400, INVALID_ARGUMENT)
    assert called.code in (INVALID_ARGUMENT, INTERNAL)
    assert shared_service.count("traces") == 0


@pytest.mark.parametrize("left_out", [1, 4, 8, 9, len(WHOLE) // 2, len(WHOLE) - 11])
def test_row_17_gzip_that_was_cut_is_refused_as_a_whole(shared_service: Running, left_out: int) -> None:
    """The valid beginning of a gzip stream is not taken for the whole, over either transport."""
    reply = post(shared_service, "/v1/traces", WHOLE[:-left_out], coded("gzip"))
    called = http2.exported(shared_service.grpc, WHOLE[:-left_out], compressed=True, grpc_encoding="gzip")

    assert (reply.status, reply.error.code) == (400, INVALID_ARGUMENT)
    assert called.code in (INVALID_ARGUMENT, INTERNAL)
    assert shared_service.count("traces") == 0


def test_row_18_what_follows_gzip_is_refused_unless_it_is_gzip(service: Running) -> None:
    """Junk after the stream is refused, a second stream is joined, zeros are padding."""
    first, second = gzip.compress(build.body(Signal.TRACES)), gzip.compress(build.body(Signal.TRACES))

    assert post(service, "/v1/traces", first + b"junk", coded("gzip")).status == 400
    assert post(service, "/v1/traces", first + second[:-1], coded("gzip")).status == 400
    assert service.count("traces") == 0
    assert post(service, "/v1/traces", first + second + bytes(16), coded("gzip")).status == 200
    assert service.count("traces") == 2


def test_row_18_joined_streams_are_bounded_together(service: Running) -> None:
    """Two streams that are within the limit each, and beyond it together, are too large."""
    half = gzip.compress(bytes(40 << 20))

    assert post(service, "/v1/traces", half + half, coded("gzip")).status == 413


@pytest.mark.parametrize("coding", ["br", "zstd", "snappy", "compress", "lzma", "x", "gzip;q=1", "*"])
def test_row_19_unknown_codings_say_which_are_known(shared_service: Running, coding: str) -> None:
    """A coding that we do not speak is unsupported, and the answer names those that we do."""
    reply = post(shared_service, "/v1/traces", WHOLE, coded(coding))

    assert (reply.status, reply.headers["accept-encoding"]) == (415, "gzip, deflate")


@pytest.mark.parametrize("coding", ["br", "zstd", "snappy"])
def test_row_19_unknown_codings_over_grpc_are_not_retryable(shared_service: Running, coding: str) -> None:
    """The library refuses them itself, with a status at which no client sends the same again."""
    called = http2.exported(shared_service.grpc, b"x", compressed=True, grpc_encoding=coding)

    assert called.code in (12, INTERNAL)


def test_row_19_deflate_is_spoken(service: Running) -> None:
    """A zlib stream is taken, for Python's exporter offers it (otlp.md Z02); a bare deflate stream is not one."""
    body = build.body(Signal.TRACES)
    bare = zlib.compressobj(wbits=-15)

    assert post(service, "/v1/traces", zlib.compress(body), coded("deflate")).status == 200
    assert post(service, "/v1/traces", bare.compress(body) + bare.flush(), coded("deflate")).status == 400
    assert service.count("traces") == 1


def test_row_20_a_compressed_flag_without_an_encoding_is_refused(shared_service: Running) -> None:
    """A message that says it is compressed, on a call that says nothing of it, costs only that call."""
    called = http2.exported(shared_service.grpc, WHOLE, compressed=True)

    assert called.code in (INVALID_ARGUMENT, INTERNAL)
    assert http2.exported(shared_service.grpc, b"").code == 0
    assert shared_service.count("traces") == 0
