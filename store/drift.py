"""Load the questions of `drift.sql`: what an update changed, and who went quiet."""

from pathlib import Path
from typing import Final

from store.queries import load

DRIFT: Final = load((Path(__file__).parent / "drift.sql").read_text())
