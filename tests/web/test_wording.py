"""Mirror `web.wording`."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from web import wording
from web.rendering import environment

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("milliseconds", "told"),
    [
        (None, wording.NONE),
        (0, "0.0 ms"),
        (0.44, "0.4 ms"),
        (850, "850 ms"),
        (999.6, "1.0 s"),
        (4_200, "4.2 s"),
        (185_000, "3m 05s"),
        (7_800_000, "2h 10m"),
        (273_600_000, "3d 4h"),
    ],
)
def test_took(milliseconds: float | None, told: str) -> None:
    """A duration has the unit that reads best."""
    assert told == wording.took(milliseconds)


@pytest.mark.parametrize(
    ("filled", "told"),
    [
        (wording.amount(12_345), "12.3k"),
        (wording.amount(None), wording.NONE),
        (wording.amount(1_500_000_000), "1.5G"),
        (wording.number(1_234_567), "1,234,567"),
        (wording.dollars(8_142_000), "$0.008142"),
        (wording.dollars(0), "$0.00"),
        (wording.dollars(1_250_000_000), "$1.25"),
        (wording.dollars(None), wording.NONE),
        (wording.share(1, 3), "33 %"),
        (wording.share(1, 100), "1.0 %"),
        (wording.share(1, 0), wording.NONE),
        (wording.size(1_536), "1.5 KiB"),
        (wording.ago("2026-01-31T11:59:30Z", NOW), "30 s ago"),
        (wording.ago("2026-01-28T12:00:00Z", NOW), "3 d ago"),
        (wording.ago("tomorrow", NOW), wording.NONE),
        (wording.cut("a\n b   c" * 50, 20), "a b ca b ca b ca b …"),
        (wording.segment("a/b ?#%\u202e"), "a%2Fb%20%3F%23%25%E2%80%AE"),
    ],
)
def test_words(filled: str, told: str) -> None:
    """Amounts, money, parts, sizes and times are written for readers; what is not known is a dash."""
    assert told == filled


@pytest.mark.parametrize(
    ("address", "is_link"),
    [
        ("https://example.org/a?b=c", True),
        ("http://example.org", True),
        ("javascript:alert(1)", False),
        ("https://example.org/\nx", False),
        ('https://example.org/"onclick=', False),
        ("//example.org", False),
        (None, False),
    ],
)
def test_links(address: str | None, is_link: bool) -> None:
    """Only whole addresses of the web become links."""
    assert is_link is wording.is_web(address)


@given(st.text())
def test_nothing_stays_hidden(text: str) -> None:
    """Whatever the text, what a template shows of it has no hidden character and no markup."""
    shown = environment().from_string("{{ text }}").render(text=text)

    assert not wording.HIDDEN.search(shown)
    assert not {"<", ">", '"', "'"} & set(shown)
    shown.encode()


def test_what_is_shown() -> None:
    """Controls become pictures, other hidden characters their numbers; newlines, tabs and markup of ours stay."""
    assert "␀␛[U+202E]\n\t␡\ufffd" == wording.harmless("\x00\x1b\u202e\n\t\x7f\ud800")
    assert "<b>" == wording.harmless(Markup("<b>"))
    assert "" == wording.harmless(None)


def test_counted() -> None:
    """One thing is not several."""
    assert ["0 calls", "1 call", "1,200 calls"] == [wording.counted(count, "call") for count in (0, 1, 1200)]


def test_why() -> None:
    """What went wrong is not told twice when its message begins with its kind."""
    assert "500 Internal" == wording.why("500", "500 Internal")
    assert "Timeout after 3 s" == wording.why("Timeout", "after 3 s")
    assert ["Timeout", "after 3 s", ""] == [
        wording.why("Timeout", None),
        wording.why(None, "after 3 s"),
        wording.why(None, None),
    ]
