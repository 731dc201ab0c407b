"""Say what is wrong with a configuration: one line a mistake, with its path, the remedy and where it came from."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from core.errors import Misconfigured
from core.section import Section
from spanledger.layers import Merged
from spanledger.settings import DATABASE_VARIABLE, PREFIX, Path, walk

ALIKE = 0.6


class Mistaken(Misconfigured):
    """Refuse a configuration; `lines` holds every mistake in it."""

    exit_code = 2

    def __init__(self, lines: Sequence[str]) -> None:
        """Join the lines into the message."""
        super().__init__("\n".join(lines))
        self.lines = tuple(lines)


def explain(error: ValidationError, merged: Merged, model: type[Section]) -> list[str]:
    """Write each of a validation's errors as one line."""
    details = error.errors(include_url=False, include_input=False)
    return [line for detail in details for line in _lines(detail, merged, model)]


def _lines(detail: Mapping[str, Any], merged: Merged, model: type[Section]) -> list[str]:
    path = tuple(str(part) for part in detail["loc"])
    if detail["type"] == "extra_forbidden":
        return [_unknown(below, merged.origin(below), model) for below in merged.below(path) or [path]]
    text = str(detail["msg"]).removeprefix("Value error, ")
    return [f"{'.'.join(path)}: {text[:1].lower()}{text[1:]}{_from(merged.origin(path))}"]


def _unknown(path: Path, origin: str, model: type[Section]) -> str:
    settings = [setting for setting in walk(model) if setting.section is None]
    variable = origin.removeprefix("environment variable ")
    if variable.startswith(PREFIX):
        names = [DATABASE_VARIABLE, *(setting.variable for setting in settings)]
        return f"{variable}: there is no such setting{_suggest(variable, names, ahead=PREFIX)} (from the environment)"
    name = ".".join(path)
    return (
        f"{name}: there is no such setting{_suggest(name, ['.'.join(item.path) for item in settings])}{_from(origin)}"
    )


def _suggest(name: str, names: Sequence[str], *, ahead: str = "") -> str:
    """Find the name that was meant; what all names begin with says nothing about likeness."""
    bare = [known.removeprefix(ahead) for known in names]
    close = get_close_matches(name.removeprefix(ahead), bare, n=1, cutoff=ALIKE)
    return f"; did you mean {ahead}{close[0]}?" if close else ""


def _from(origin: str) -> str:
    return f" (from {origin})" if origin else ""
