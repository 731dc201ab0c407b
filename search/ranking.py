"""Say which documents hold words best: Okapi BM25, with words counted among the documents that are ranked.

What a word weighs is not counted over all documents: that would take longer than to find those that hold it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from statistics import fmean
from typing import Final

K1: Final = 1.2
B: Final = 0.75

Word = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """Hold a document's number, how many words its text has, and how often it holds each that is looked for."""

    number: int
    length: int
    held: Mapping[Word, int]


def ranked(candidates: Sequence[Candidate]) -> list[int]:
    """Give the numbers of documents, those that hold the words best first, of equals the newest."""
    weights = _weights(candidates)
    usual = fmean(one.length for one in candidates) if candidates else 0.0
    scores = {one.number: _score(one, weights, usual or 1.0) for one in candidates}
    return sorted(scores, key=lambda number: (-scores[number], -number))


def _weights(candidates: Sequence[Candidate]) -> dict[Word, float]:
    """Weigh words: what few of the documents hold says more of them."""
    known = Counter(word for one in candidates for word in one.held)
    return {word: log(1 + (len(candidates) - held + 0.5) / (held + 0.5)) for word, held in known.items()}


def _score(one: Candidate, weights: Mapping[Word, float], usual: float) -> float:
    weakened = K1 * (1 - B + B * one.length / usual)
    return sum(weights[word] * times * (K1 + 1) / (times + weakened) for word, times in one.held.items())
