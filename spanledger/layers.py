"""Lay the sources of the configuration over each other: file, environment, flags; later wins.

What each value is made of is decided by the setting it is for, never by how it looks.
Nothing is judged here but the form of each source; one validation looks at the result.
"""

import stat
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from core.section import Section
from spanledger.settings import DATABASE_PATH, DATABASE_VARIABLE, PREFIX, Path, Setting, walk


@dataclass(frozen=True, slots=True)
class Given:
    """Hold one value from outside, and say where it came from."""

    path: Path
    text: str
    origin: str


@dataclass(slots=True)
class Merged:
    """Hold the sources laid over each other, where each value came from, what could not be read and what is unwise."""

    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[Path, str] = field(default_factory=dict)
    mistakes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def put(self, path: Path, value: Any, *, origin: str) -> None:
        """Set one value, making the tables on its way; a value that stands in the way is left for the validation."""
        inner = self.values
        for name in path[:-1]:
            inner = inner.setdefault(name, {})
            if not isinstance(inner, dict):
                return
        inner[path[-1]] = value
        self.origins[path] = origin

    def origin(self, path: Path) -> str:
        """Say where the value at a path, or the nearest around it, came from; empty when it is a default."""
        nearer = (path[:length] for length in range(len(path), 0, -1))
        return next((self.origins[part] for part in nearer if part in self.origins), "")

    def value(self, path: Path) -> Any:
        """Give the value that was put at a path; None when another stood in its way."""
        inner: Any = self.values
        for name in path:
            inner = inner.get(name) if isinstance(inner, dict) else None
        return inner

    def below(self, path: Path) -> list[Path]:
        """List the paths at and below a path that were given."""
        return [given for given in self.origins if given[: len(path)] == path]


def merge(model: type[Section], *, file: FilePath | None, environ: Mapping[str, str], flags: Sequence[Given]) -> Merged:
    """Lay file, environment and flags over each other."""
    known = list(walk(model))
    merged = Merged()
    if file is not None:
        _add_file(merged, file)
        _warn_of_readers(merged, file, secrets=[setting for setting in known if setting.is_secret])
    for given in [*_from_environment(environ), *flags]:
        setting = next((setting for setting in known if setting.fits(given.path)), None)
        merged.put(given.path, _shape(given.text, setting), origin=given.origin)
    return merged


def assignment(text: str) -> Given:
    """Read `path=value` as `--set` takes it, or raise ValueError."""
    name, equals, value = text.partition("=")
    if not equals or not all(name.strip().split(".")):
        raise ValueError(f"{text!r} is not an assignment; write path=value, such as collector.grpc.endpoint=off")
    path = tuple(part.strip() for part in name.split("."))
    return Given(path, value.strip(), f"--set {name.strip()}")


def _add_file(merged: Merged, file: FilePath) -> None:
    try:
        content = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        merged.mistakes.append(f"{file}: cannot be read: {error.strerror}")
    except UnicodeDecodeError:
        merged.mistakes.append(f"{file}: is not UTF-8 text")
    except tomllib.TOMLDecodeError as error:
        merged.mistakes.append(f"{file}: is not TOML: {error}")
    else:
        _add_table(merged, content, above=(), origin=str(file))


def _warn_of_readers(merged: Merged, file: FilePath, *, secrets: Sequence[Setting]) -> None:
    """Warn of a file that holds secrets, in force or not, and that its group or everybody may read."""
    given = ((path[: len(secret.path)], path) for secret in secrets for path in merged.origins)
    held = dict.fromkeys(
        ".".join(above) for above, path in given if merged.value(path) and any(one.fits(above) for one in secrets)
    )
    if held and _is_shared(file):
        told = f"{file}: holds {', '.join(held)} and can be read by other users; make it private with chmod 600"
        merged.warnings.append(told)


def _is_shared(file: FilePath) -> bool:
    try:
        mode = file.stat().st_mode
    except OSError:
        return False
    return bool(mode & (stat.S_IRGRP | stat.S_IROTH))


def _add_table(merged: Merged, content: Mapping[str, Any], *, above: Path, origin: str) -> None:
    for name, value in content.items():
        path = (*above, name)
        if isinstance(value, dict) and value:
            _add_table(merged, value, above=path, origin=origin)
        else:
            merged.put(path, value, origin=origin)


def _from_environment(environ: Mapping[str, str]) -> list[Given]:
    found = [
        Given(tuple(name.removeprefix(PREFIX).lower().split("__")), text, f"environment variable {name}")
        for name, text in sorted(environ.items())
        if name.startswith(PREFIX) and name != DATABASE_VARIABLE and text
    ]
    if environ.get(DATABASE_VARIABLE):
        origin = f"environment variable {DATABASE_VARIABLE}"
        found.insert(0, Given(DATABASE_PATH, environ[DATABASE_VARIABLE], origin))
    return found


def _shape(text: str, setting: Setting | None) -> Any:
    """Make a list or a table out of text where the setting takes one; pydantic reads the rest from text."""
    if setting is None:
        return text
    if setting.section is not None or setting.is_table:
        return _as_toml(text)
    if setting.is_list and not text.startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    return _as_toml(text) if setting.is_list else text


def _as_toml(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
