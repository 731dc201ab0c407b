"""Make HTML of templates: everything is escaped, hidden characters are shown, a missing value is a mistake."""

from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from web.static import address
from web.wording import FILTERS, harmless

TEMPLATES: Final = Path(__file__).parent / "templates"


@cache
def environment() -> Environment:
    """Set templates up; nothing of a stored text can reach a page but through `harmless` and escaping."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=harmless,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )
    made.filters.update(FILTERS)
    made.globals["static"] = address
    return made


def warm() -> None:
    """Compile every template, so that no page waits for it."""
    made = environment()
    for name in made.list_templates():
        made.get_template(name)


def render(template: str, values: dict[str, Any]) -> str:
    """Fill a template."""
    return environment().get_template(template).render(values)
