"""Give statements to begin with, for those who write their own."""

import re
from pathlib import Path
from typing import Final

EXAMPLES: Final = tuple(
    (str(about), str(sql))
    for about, sql in re.findall(
        r"^-- name: \w+\n-- (.+)\n([^;]+);$", (Path(__file__).parent / "examples.sql").read_text(), re.MULTILINE
    )
)
"""Each with what it is about."""
