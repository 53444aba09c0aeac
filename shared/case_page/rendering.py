"""The HTML of the case page: no script, nothing from elsewhere. A link has it whole, the console as a part."""

from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from shared.case_page.view import CaseView
from shared.case_page.words import Words

_FOLDER = Path(__file__).parent
STYLE = (_FOLDER / "case_page.css").read_text()
_templates = Environment(
    loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def case_part(view: CaseView) -> Markup:
    """The case as a part of a page; ``STYLE`` is its style."""
    return Markup(_templates.get_template("case.html").render(case=view, words=view.words))  # noqa: S704  # nosec B704 - escaped


def case_page(view: CaseView) -> str:
    """The case as a page of its own."""
    return _page(view.words, view.title, case_part(view))


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
