"""Walk the configuration's models: every setting by its path, as users write it."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from core.section import Section

Path = tuple[str, ...]

PREFIX = "SPANLEDGER_"
DATABASE_VARIABLE = "SPANLEDGER_DB"
DATABASE_PATH: Path = ("store", "path")
NAME = "NAME"
"""Stands in a path for a name of the user's."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Hold one setting or section: where it stands and what it takes."""

    path: Path
    field: FieldInfo

    @property
    def section(self) -> type[Section] | None:
        """Give the section's class when this is one."""
        return section_of(self.field.annotation)

    @property
    def named(self) -> type[Section] | None:
        """Give the class of the sections that this one holds under names of the user's."""
        arguments = get_args(self.field.annotation)
        return section_of(arguments[1]) if get_origin(self.field.annotation) is dict else None

    @property
    def is_table(self) -> bool:
        """Say whether it takes names with values."""
        return get_origin(self.field.annotation) is dict

    @property
    def is_list(self) -> bool:
        """Say whether it takes several values."""
        return get_origin(self.field.annotation) in (tuple, list)

    @property
    def is_secret(self) -> bool:
        """Say whether what it takes must stay private."""
        return SecretStr in (self.field.annotation, *get_args(self.field.annotation))

    def fits(self, path: Path) -> bool:
        """Say whether a path leads here, with a name of the user's where ours says NAME."""
        if len(path) != len(self.path):
            return False
        return all(ours in (NAME, theirs) for ours, theirs in zip(self.path, path, strict=True))

    @property
    def variable(self) -> str:
        """Name its environment variable."""
        return PREFIX + "__".join(self.path).upper()

    @property
    def takes(self) -> str:
        """Say in words what it takes."""
        extra = self.field.json_schema_extra
        unit = extra.get("unit") if isinstance(extra, dict) else None
        return str(unit) if unit else _words(self.field.annotation)


def walk(model: type[Section], *, above: Path = ()) -> Iterator[Setting]:
    """List every section and setting below a model, outermost first."""
    for name, field in model.model_fields.items():
        setting = Setting((*above, name), field)
        yield setting
        if setting.section is not None:
            yield from walk(setting.section, above=setting.path)
        if setting.named is not None:
            yield from walk(setting.named, above=(*setting.path, NAME))


def section_of(annotation: Any) -> type[Section] | None:
    """Find the section that a field may hold."""
    choices = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    found = (choice for choice in choices if isinstance(choice, type) and issubclass(choice, Section))
    return next(found, None)


def _words(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _words(arguments[0])
    if origin in (tuple, list):
        return f"list of {_words(arguments[0])}s"
    if origin is dict:
        return f"table of {_words(arguments[1])}s"
    if origin in (Union, UnionType):
        return " or ".join(_words(argument) for argument in arguments if argument is not type(None))
    if arguments:
        return " or ".join(f"'{argument}'" for argument in arguments)
    simple = {str: "text", int: "whole number", float: "number", bool: "true or false", SecretStr: "secret"}
    return simple.get(annotation, str(annotation.__name__).lower())
