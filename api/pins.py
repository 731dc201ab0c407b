"""Make writes about pins: what no rule of retention ever takes."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from api.answers import word
from api.bodies import fields
from api.checks import Fields
from api.writing import Moment, Told, Write, telling
from schema.derived import Changes, Step

KINDS: Final = ("session", "experiment")
NAMES: Final = (
    ("kind", "pinned", "session or experiment; by default session."),
    ("name", "id!", "The session's id, or the experiment's key."),
)
PINNED: Final = fields((*NAMES, ("note", "text", "Why it is kept.")))
UNPINNED: Final = fields(NAMES)
TOLD: Final = {"kind": word("session or experiment.", KINDS), "name": word("What is pinned.")}


def put(values: Mapping[str, Any], moment: Moment) -> Write:
    """Pin a session, or all sessions of an experiment; the same again changes its note alone."""
    told = Fields(values, known=PINNED)
    pin = {"kind": told.one_of("kind", KINDS) or KINDS[0], "name": told.needed("name")}
    step = Step("add_pin", {**pin, "note": told.text("note"), "created_at": moment.now})
    return Write(Changes(steps=[step]), telling(**pin))


def remove(values: Mapping[str, Any], _moment: Moment) -> Write:
    """Let what was pinned go like everything else."""
    told = Fields(values, known=UNPINNED)
    pin = {"kind": told.one_of("kind", KINDS) or KINDS[0], "name": told.needed("name")}
    missing = f"there is no pin for the {pin['kind']} {pin['name']}"

    def answer(_counts: Sequence[int]) -> Told:
        return dict(pin)

    return Write(Changes(steps=[Step("remove_pin", pin, missing)]), answer)
