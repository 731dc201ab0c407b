"""Say whose model answered (mapping.md A.3; `providers.json`)."""

import json
import re
from pathlib import Path
from typing import Any, Final

from mapping.emitters import Emitter


def provider_of(told: str | None, model: str | None, emitter: Emitter) -> str | None:
    """Give the provider under its name in the semantic conventions: as told, as the program's own, or by the model.

    Frameworks write their own name where the provider's belongs; that is no provider. An unknown name stays as it is.
    """
    if told and told not in FRAMEWORKS:
        return NAMES.get(told.lower()) or NAMES.get(told.lower().partition(".")[0]) or told
    return emitter.provider or _by_model(model)


def _by_model(model: str | None) -> str | None:
    name = (model or "").lower().rpartition("/")[2]
    return next((provider for pattern, provider in MODELS if pattern.match(name)), None)


TABLE: Final[dict[str, Any]] = json.loads((Path(__file__).parent / "providers.json").read_text())
FRAMEWORKS: Final = frozenset(TABLE["frameworks"])
NAMES: Final = {spelling.lower(): name for name, spellings in TABLE["aliases"].items() for spelling in spellings}
MODELS: Final = tuple((re.compile(pattern), provider) for pattern, provider in TABLE["models"].items())
