"""Write the reference page of the API from its description."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from api.description import document

ABOUT: Final = (Path(__file__).parent / "api_page.md").read_text("utf-8")
QUERY: Final = "query"


def api_page() -> str:
    """Write the page."""
    told = orjson.loads(document(""))
    groups: dict[str, list[str]] = {}
    for path, methods in told["paths"].items():
        for method, one in methods.items():
            groups.setdefault(one["tags"][0], []).append("\n".join(_operation(path, method, one)))
    paths = [f"## /{group}\n\n" + "\n".join(parts) for group, parts in sorted(groups.items())]
    return "\n".join([ABOUT, *paths, "## Objects\n", *_objects(told["components"]["schemas"])])


def _operation(path: str, method: str, told: Mapping[str, Any]) -> Iterator[str]:
    yield f"### {method.upper()} {path}\n\n{_sentences(told)}\n"
    parameters = [one for one in told.get("parameters", ()) if one["in"] == QUERY]
    body = told.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    rows = [(one["name"], one["description"]) for one in parameters]
    rows += [(name, one["description"]) for name, one in body.get("properties", {}).items()]
    if rows:
        yield f"| {'parameter' if parameters else 'field'} | |\n| --- | --- |"
        yield from (f"| `{name}` | {about} |" for name, about in rows)
        yield ""
    answer = _answered(told["responses"])
    if answer:
        yield f"Gives {answer}.\n"


def _sentences(told: Mapping[str, Any]) -> str:
    return " ".join(str(told.get("description", told["summary"])).split())


def _answered(responses: Mapping[str, Any]) -> str:
    """Say what a good answer holds."""
    good = next(one for status, one in responses.items() if status < "300")
    schema = good["content"].get("application/json", {}).get("schema", {})
    if "$ref" in schema:
        return f"a [{_name(schema)}](#{_name(schema).lower()})"
    items = schema.get("properties", {}).get("items", {}).get("items", {})
    return f"a page of [{_name(items)}](#{_name(items).lower()})" if "$ref" in items else ""


def _name(schema: Mapping[str, Any]) -> str:
    return str(schema["$ref"]).rpartition("/")[2]


def _objects(schemas: Mapping[str, Any]) -> Iterator[str]:
    for name, schema in sorted(schemas.items()):
        yield f"### {name}\n\n| field | type | |\n| --- | --- | --- |"
        yield from (
            f"| `{field}` | {_type(one)} | {one.get('description', '')} |"
            for field, one in schema["properties"].items()
        )
        yield ""


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return f"[{_name(schema)}](#{_name(schema).lower()})"
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if kinds == ["array"] and "$ref" in schema["items"]:
        return f"list of {_type(schema['items'])}"
    return "any" if len(kinds) > 2 else " or ".join(kinds)
