"""Say what time it is, for writes that name none."""

import secrets
import uuid
from datetime import UTC, datetime

from api.times import iso
from api.writing import Moment


def moment() -> Moment:
    """Give the time, and random ids."""
    return Moment(iso(datetime.now(UTC)), lambda: str(uuid.uuid4()), secrets.token_bytes)
