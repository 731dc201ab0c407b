"""Mirror `store.beginnings`: a beginning stands for the words that there are, and finds what the index finds by it."""

from collections.abc import Iterator
from contextlib import closing
from typing import Final

import apsw
import pytest

from search.documents import Document
from store.beginnings import Beginnings, Bounds
from store.search_index import SearchIndex, index_path

TEXTS: Final = (
    "parse the number",
    "parsed it",
    "PARSER failed",
    "a parsec away",
    "sparse parse",
    "U\u0308beraus",
    "über",
    "no",
)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[apsw.Connection]:
    """Index some texts."""
    database = tmp_path_factory.mktemp("beginnings") / "spanledger.db"
    with closing(SearchIndex(database)) as made:
        made.put([Document(at, "entry", str(at), at, text, "x") for at, text in enumerate(TEXTS)], (), {})
    with closing(apsw.Connection(str(index_path(database)), flags=apsw.SQLITE_OPEN_READONLY)) as found:
        yield found


def matches(index: apsw.Connection, *phrases: str) -> list[object]:
    """List what holds one of some phrases."""
    asked = " OR ".join(phrases)
    return list(index.execute("select rowid from words where words match ? order by rowid", (f"text : ({asked})",)))


@pytest.mark.parametrize("text", ["par", "pars", "PaRsE", "the num", "sparse pars", "ube", "Übe", "a.pars"])
def test_words_find_what_their_beginning_finds(index: apsw.Connection, text: str) -> None:
    """Looked for one by one, the words give the documents that the index gives for the beginning."""
    words = Beginnings(index).phrases(text)

    assert words
    assert matches(index, f'"{text}" *') == matches(index, *(f'"{word}"' for word in words)) != []


def test_what_is_left_to_the_index(index: apsw.Connection) -> None:
    """A beginning that no word has, a text without a word, and many words that stand in few documents."""
    for text in ("xyz", "...", ""):
        assert Beginnings(index).phrases(text) is None
    assert Beginnings(index, Bounds(words=2)).phrases("par") is None


def test_every_word_is_listed_once(index: apsw.Connection) -> None:
    """In their order, however often they stand somewhere."""
    assert ["parse", "parsec", "parsed", "parser"] == Beginnings(index).phrases("par")
    assert ["sparse parse", "sparse parsec", "sparse parsed", "sparse parser"] == Beginnings(index).phrases(
        "sparse par"
    )


def test_the_most_frequent_are_chosen(index: apsw.Connection) -> None:
    """Words that are left out are told of."""
    found = Beginnings(index, Bounds(words=2, phrases=1, together=0))

    assert ["parse", "parsec"] == found.phrases("par")
    assert found.cut
    assert ["sparse parse"] == found.phrases("sparse par")
    assert ["parse"] == Beginnings(index, Bounds(words=3, together=0), shared=3).phrases("par"), "beginnings share"
    alone = Beginnings(index, Bounds(words=2, together=0))
    assert ["sparse"] == alone.phrases("spa")
    assert not alone.cut
