"""Pages from templates of the project: every value is escaped, and one that is missing stops it."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import jinja2


def page_template(package: str, name: str, known: Mapping[str, Any]) -> jinja2.Template:
    """A template that lies beside the code that fills it.

    Args:
        package: Where it lies.
        name: Its file.
        known: What it may use beside the values it is filled with; a function also as a filter.
    """
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals |= known
    environment.filters |= {each: value for each, value in known.items() if callable(value)}
    return environment.from_string(files(package).joinpath(name).read_text(encoding="utf-8"))
