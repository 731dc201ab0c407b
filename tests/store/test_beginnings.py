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
EACH: Final = Bounds(together=0)


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
    words = Beginnings(index, EACH).phrases(text)

    assert words
    assert matches(index, f'"{text}" *') == matches(index, *(f'"{word}"' for word in words)) != []


def test_few_documents_are_left_to_the_index(index: apsw.Connection) -> None:
    """So is a beginning that no word has, and a text without a word."""
    assert Beginnings(index, Bounds()).phrases("par") is None
    for text in ("xyz", "...", ""):
        assert Beginnings(index, EACH).phrases(text) is None


def test_the_most_frequent_are_chosen(index: apsw.Connection) -> None:
    """Words that are left out are told of, and one is looked for at least."""
    for bounds, words in (
        (Bounds(together=0, words=2), ["parse", "parsec"]),
        (Bounds(together=0, held=3), ["parse", "parsec"]),
        (Bounds(together=0, held=1), ["parse"]),
    ):
        found = Beginnings(index, bounds)

        assert words == found.phrases("par")
        assert found.cut
    assert ["parse"] == Beginnings(index, Bounds(together=0, words=3), 3).phrases("par"), "beginnings share"
    assert ["parse"] == Beginnings(index, Bounds(together=0, held=5), 2).phrases("par")
    assert ["sparse parse"] == Beginnings(index, Bounds(together=0, phrases=1)).phrases("sparse par")
