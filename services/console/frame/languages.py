"""The pages' languages: English stands in the code and the templates, Chinese in ``messages/zh.po`` (gettext).

``make messages`` writes new messages into the catalogue; a test fails where one has no Chinese. Names of states,
commands, priorities and clocks, and times in words, are those of ``shared.case_page.words``, which links have too.
"""

import gettext
import io
import json
from functools import cached_property
from pathlib import Path
from typing import Literal

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from shared.case_page.words import Words as CaseWords

Code = Literal["zh", "en"]
MESSAGES = Path(__file__).parent.parent / "messages"


def N_(message: str) -> str:  # noqa: N802 - gettext's own name
    """Marks a message that is translated later, where the reader's language is known."""
    return message


def NN_(one: str, several: str) -> tuple[str, str]:  # noqa: N802 - as N_
    """Marks a message that counts, as it is said of one and of several: ``NN_("%(count)s day", "%(count)s days")``."""
    return one, several


class Language:
    """One language. ``language._("After %(n)s minutes", n=5)`` is a sentence with its values."""

    def __init__(self, code: Code) -> None:
        self.code: Code = code
        self.tag = "zh-CN" if code == "zh" else "en"
        self.case_words = CaseWords(code)
        self.catalogue = catalogue(code)
        self.translations = _translations(self.catalogue)

    def _(self, message: str, **values: object) -> str:
        return self.translations.gettext(message) % values

    def counted(self, message: tuple[str, str], count: int, **values: object) -> str:
        """A message of ``NN_`` with its number, ``%(count)s``."""
        return self.translations.ngettext(*message, count) % {"count": f"{count:,}", **values}

    def pgettext(self, context: str, message: str, **values: object) -> str:
        """Of two messages that are one word in English: ``context`` says which."""
        return self.translations.pgettext(context, message) % values

    @cached_property
    def for_scripts(self) -> str:
        """JSON: the messages that scripts say. They are those that the catalogue found in ``.js`` files; one that
        counts stands under what is said of several, Chinese has no other."""
        found = [m.id for m in catalogue("zh") if any(path.endswith(".js") for path, _ in m.locations)]
        alone = {id_: self.translations.gettext(id_) for id_ in found if isinstance(id_, str)}
        counted = {id_[1]: self.translations.ngettext(id_[0], id_[1], 2) for id_ in found if not isinstance(id_, str)}
        return json.dumps({**alone, **counted}, ensure_ascii=False).replace("<", "\\u003c")


def catalogue(code: Code) -> Catalog:
    """English needs none: it is what the code says."""
    if code == "en":
        return Catalog(locale="en")
    with (MESSAGES / f"{code}.po").open("rb") as file:
        return read_po(file, locale=code)


def _translations(messages: Catalog) -> gettext.NullTranslations:
    compiled = io.BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


LANGUAGES: dict[Code, Language] = {code: Language(code) for code in ("zh", "en")}


def language_of(*asked: str | None, accepted: str) -> Language:
    """The first of ``asked`` that we speak, else the browser's, else Chinese."""
    for one in (*asked, *(part.split(";")[0].strip().lower()[:2] for part in accepted.split(","))):
        found = next((language for code, language in LANGUAGES.items() if code == one), None)
        if found is not None:
            return found
    return LANGUAGES["zh"]
