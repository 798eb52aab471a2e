"""Pages whose text is written by hand and whose numbers are computed."""

from pathlib import Path

import jinja2

_HERE = Path(__file__).parent


def fill(name: str, **values: object) -> str:
    """Fill in the template of a page, such as `networks.md.jinja`."""
    loader = jinja2.FileSystemLoader(_HERE)
    environment = jinja2.Environment(loader=loader, keep_trailing_newline=True, undefined=jinja2.StrictUndefined)
    return environment.get_template(name).render(values)
