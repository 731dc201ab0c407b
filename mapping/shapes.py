"""The names by which messages, their parts and what is around them are known (`shapes.json`)."""

import json
from pathlib import Path
from typing import Any, Final

MAX_DEPTH: Final = 6
"""Parts that lie deeper within each other are not read."""
SHAPES: Final[dict[str, Any]] = json.loads((Path(__file__).parent / "shapes.json").read_text())
