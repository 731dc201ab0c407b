"""Write a configuration as TOML that can be read again."""

import json
import re
from collections.abc import Mapping
from typing import Any

from core.section import Section
from spanledger.layers import Merged
from spanledger.settings import Path

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def write(config: Section, merged: Merged) -> str:
    """Write every setting in force, secrets masked, and where it came from unless it is the default."""
    lines = _table(config.model_dump(mode="json"), merged, above=())
    return "\n".join(lines).strip() + "\n"


def _table(values: Mapping[str, Any], merged: Merged, *, above: Path) -> list[str]:
    plain = {name: value for name, value in values.items() if not isinstance(value, dict)}
    lines = [_setting(name, value, merged.origin((*above, name))) for name, value in plain.items()]
    if above and lines:
        lines = ["", f"[{'.'.join(map(_key, above))}]", *lines]
    tables = ((name, value) for name, value in values.items() if isinstance(value, dict))
    return lines + [line for name, value in tables for line in _table(value, merged, above=(*above, name))]


def _setting(name: str, value: Any, origin: str) -> str:
    comment = f"  # from {origin}" if origin else ""
    if value is None:
        return f"# {_key(name)} is not set{comment}"
    return f"{_key(name)} = {literal(value)}{comment}"


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else json.dumps(name)


def literal(value: Any) -> str:
    """Write one value as TOML."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_key(name)} = {literal(inner)}' for name, inner in value.items())}}}"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
