"""HTML pages from the templates of the project: every value is escaped, and a missing value is an error."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import jinja2


def page_template(package: str, name: str, known: Mapping[str, Any]) -> jinja2.Template:
    """Load a template from the package of the code that fills it.

    Args:
        package: Package of the template.
        name: File name.
        known: Names that the template may use besides its values; functions are also available as filters.
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
