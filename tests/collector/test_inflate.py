"""Mirror of collector/inflate.py."""

import gzip
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.inflate import GZIP, ZLIB, coding, inflate
from core.errors import Refused, TooLarge, Undecodable, UnsupportedMedia


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=5))
def test_members_are_joined(parts: list[bytes]) -> None:
    """Any number of gzip members gives their contents, one after the other."""
    assert inflate(b"".join(map(gzip.compress, parts)), GZIP, 10_000) == b"".join(parts)


@given(st.binary(max_size=500))
def test_deflate_gives_what_was_put_in(body: bytes) -> None:
    """A zlib stream gives its content."""
    assert inflate(zlib.compress(body), ZLIB, 10_000) == body


@given(st.binary(max_size=200), st.sampled_from([GZIP, ZLIB]))
def test_any_bytes_are_inflated_or_refused(body: bytes, window: int) -> None:
    """Whatever the bytes are, the outcome is a body or a refusal."""
    with suppress(Refused):
        assert len(inflate(body, window, 1000)) <= 1000


@given(st.binary(min_size=1, max_size=300), st.data())
def test_a_cut_stream_is_never_taken_for_a_whole(body: bytes, data: st.DataObject) -> None:
    """A stream that ends early is refused, wherever it is cut."""
    whole = gzip.compress(body)
    cut = data.draw(st.integers(min_value=0, max_value=len(whole) - 1))

    with pytest.raises(Undecodable):
        inflate(whole[:cut], GZIP, 1000)


def test_the_limit_is_exact() -> None:
    """A body of the limit is taken, one byte more is not, in one member or several."""
    assert len(inflate(gzip.compress(bytes(100)), GZIP, 100)) == 100
    for body in (gzip.compress(bytes(101)), gzip.compress(bytes(100)) + gzip.compress(b"x")):
        with pytest.raises(TooLarge):
            inflate(body, GZIP, 100)


@pytest.mark.parametrize(
    ("header", "window"), [("", None), ("identity", None), ("GZIP", GZIP), ("x-gzip", GZIP), ("deflate", ZLIB)]
)
def test_known_codings(header: str, window: int | None) -> None:
    """Each coding has its window."""
    assert coding(header) == window


def test_unknown_codings_are_refused() -> None:
    """The message names the ones that are known."""
    with pytest.raises(UnsupportedMedia, match="gzip, deflate"):
        coding("br")
