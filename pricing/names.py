"""Know providers and models by the names that catalogues give them (mapping.md E; `names.json`)."""

import json
import re
from pathlib import Path
from typing import Any, Final

MAX_CHARACTERS: Final = 256
"""A longer name is no model's; whatever is remembered by name has this bound."""


def spellings(model: str) -> tuple[str, ...]:
    """List the names under which a model may be known, the exact one first.

    Then without path, region, maker, version and date, one after the other:
    `us.anthropic.claude-x-20250929-v1:0` is `claude-x` in the end.
    """
    names = [model.strip().lower()]
    names.extend(_shorter(names[0]))
    return tuple(dict.fromkeys(name for name in names if name))


def _shorter(name: str) -> list[str]:
    found = []
    for affix in AFFIXES:
        name = affix.sub("", name)
        found.append(name)
    return found


def shop(provider: str | None) -> str | None:
    """Give the name that genai-prices has for a provider; None when the model has to say who sells it."""
    return SHOPS.get(provider, provider) or None if provider else None


def is_priced(provider: str | None) -> bool:
    """Say whether somebody charges for tokens: who runs a model on machines of their own pays for none."""
    return provider not in UNPRICED


def from_litellm(provider: str) -> str:
    """Give our name for one of LiteLLM's providers, which come with suffixes: `vertex_ai-language-models`."""
    known = [name for name in LITELLM if re.fullmatch(rf"{re.escape(name)}([-_].*)?", provider)]
    return LITELLM[max(known, key=len)] if known else provider


TABLE: Final[dict[str, Any]] = json.loads((Path(__file__).parent / "names.json").read_text())
SHOPS: Final[dict[str, str]] = TABLE["providers"]
UNPRICED: Final = frozenset(TABLE["unpriced"])
AFFIXES: Final = tuple(re.compile(pattern) for pattern in TABLE["affixes"])
LITELLM: Final[dict[str, str]] = TABLE["litellm"]
