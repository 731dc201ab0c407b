"""Give a model's tier: the short name that people call it by (mapping.md C.7; `tiers.json`)."""

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any, Final


@lru_cache(maxsize=1024)
def tier_of(model: str) -> str:
    """Give the word in the model's id that names its tier, else its family and size, else the id without its date."""
    name = model.lower().rpartition("/")[2]
    word = next((word for word in WORDS if word in name), None)
    if word:
        return word
    for pattern, form in FAMILIES:
        if found := pattern.search(name):
            return form.format(*found.groups())
    return DATES.sub("", name)


TABLE: Final[dict[str, Any]] = json.loads((Path(__file__).parent / "tiers.json").read_text())
WORDS: Final[tuple[str, ...]] = tuple(TABLE["words"])
FAMILIES: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern), form) for pattern, form in TABLE["families"]
)
DATES: Final[re.Pattern[str]] = re.compile(TABLE["dates"])
