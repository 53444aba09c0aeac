"""The HTML of the page of a case behind a link: no script, nothing from elsewhere."""

import re
from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from shared.case_page.view import CaseView
from shared.case_page.words import Words

_FOLDER = Path(__file__).parent
_CSS = "".join((_FOLDER / name).read_text() for name in ("tokens.css", "case_page.css"))
STYLE = re.sub(r"\s*([{};,])\s*|(:)\s+", r"\1\2", re.sub(r"/\*.*?\*/", "", _CSS, flags=re.DOTALL))
"""Without comments and spaces: a link's page is to be small."""
_templates = Environment(
    loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def case_page(view: CaseView) -> str:
    """The case as a page of its own, such as a link has."""
    content = _templates.get_template("case.html").render(case=view, words=view.words)
    return _page(view.words, view.title, Markup(content))  # noqa: S704  # nosec B704 - escaped by the template


def message_page(
    words: Words, *, title: str, text: str = "", sign_in: str = "", again: Mapping[str, str] | None = None
) -> str:
    """A page about no case: words, perhaps where to sign in, or a form's fields to be sent ``again``."""
    template = _templates.get_template("message.html")
    content = template.render(words=words, title=title, text=text, sign_in=sign_in, again=again)
    return _page(words, title, Markup(content))  # noqa: S704  # nosec B704 - escaped by the template


def _page(words: Words, title: str, content: Markup) -> str:
    style = Markup(STYLE)  # noqa: S704  # nosec B704 - our own file
    return _templates.get_template("page.html").render(words=words, title=title, style=style, content=content)
