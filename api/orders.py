"""Make what is asked of those who derive: it writes nothing itself."""

from collections.abc import Mapping
from typing import Any

from api.checks import Fields
from api.writing import Moment, Write, telling
from schema.derived import Changes


def nothing(values: Mapping[str, Any], _moment: Moment) -> Write:
    """Take no values, change nothing."""
    Fields(values, known=())
    return Write(Changes(), telling())
