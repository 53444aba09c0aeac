"""The catalogue of the console's messages: what templates, modules and scripts say, found by Babel.

``make messages`` (``python -m tests.contract.messages``) writes what is new into the console's
``messages/zh.po``, to be translated there, and drops what nothing says any more.
"""

import io

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import write_po

from services.console.frame.languages import MESSAGES, catalogue
from tests.kit.stack import ROOT

CONSOLE = ROOT / "services" / "console"
SOURCES = (("python", "**/*.py"), ("jinja2", "templates/*.html"), ("javascript", "client/*.js"))
KEYWORDS = {
    "_": None,
    "N_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "NN_": (1, 2),
    "counted": (1, 2),
    "pgettext": ((1, "c"), 2),
}
OPTIONS = {"jinja2": {"newstyle_gettext": "true", "trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}}
HEADER = """# The console's pages in Chinese. `make messages` renews it: write what msgstr lacks.
msgid ""
msgstr ""
"Language: zh_CN\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

"""


def found() -> Catalog:
    """Every message of the code, with the files that say it."""
    messages = Catalog()
    for method, pattern in SOURCES:
        for path in sorted(CONSOLE.glob(pattern)):
            if "node_modules" in path.parts or "built" in path.parts:
                continue
            options = OPTIONS.get(method, {})
            for line, said, comments, context in extract_from_file(method, path, KEYWORDS, options=options):
                place = (path.relative_to(ROOT).as_posix(), line)
                messages.add(said, None, [place], auto_comments=comments, context=context)
    return messages


def written() -> str:
    """The catalogue as it should be: what is there, with what is new."""
    known = catalogue("zh")
    known.update(found(), no_fuzzy_matching=True)
    known.obsolete.clear()
    out = io.BytesIO()
    write_po(out, known, width=120, omit_header=True, sort_output=True, include_lineno=False, ignore_obsolete=True)
    return HEADER + out.getvalue().decode().strip() + "\n"


if __name__ == "__main__":
    (MESSAGES / "zh.po").write_text(written(), encoding="utf-8")
