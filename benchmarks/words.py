"""Write text that looks like prose to a database: varied, never twice the same, the same for the same seed."""

import random
from itertools import accumulate

COMMON = """
the of and to in is that for it as was with on are by this be at from or an have not which but one all were when we
there can if more will would about so them what up out some then no into only other time new these may has search file
result answer question because after before user agent tool model weather report table value error
"""
ONSETS = "b br c ch d f fl g gr h j l m n p pl qu r s st t tr v w"
VOWELS = "a e i o u ea io ou"
CODAS = " ck l m n nd r rt s st t x"
FOREIGN = ("café", "Zürich", "→", "naïve", "✓", "数据", "“quoted”", "C:\\temp\\x", "line\nbreak", "50%")
RARE_WORDS = 4000
MEAN_WORD_CHARS = 5


class Writer:
    """Write texts from one source of randomness."""

    def __init__(self, source: random.Random) -> None:
        """Make the vocabulary: common words often, rare ones by Zipf's law, now and then one that needs escaping."""
        common = COMMON.split()
        rare = [_word(source) for _ in range(RARE_WORDS)]
        weights = [6.0] * len(common) + [60 / (rank + 10) for rank in range(RARE_WORDS)] + [0.3] * len(FOREIGN)
        self._source = source
        self._words = [*common, *rare, *FOREIGN]
        self._weights = list(accumulate(weights))

    def text(self, chars: int) -> str:
        """Write about so many characters, in sentences."""
        words = self._source.choices(self._words, cum_weights=self._weights, k=chars // MEAN_WORD_CHARS + 1)
        for start in range(0, len(words), 12):
            words[start] = words[start].capitalize()
            words[start - 1] += "."
        return " ".join(words)[:chars]


def _word(source: random.Random) -> str:
    syllables = source.randint(1, 3)
    return "".join(source.choice(part.split(" ")) for _ in range(syllables) for part in (ONSETS, VOWELS, CODAS))
