"""Checks the standard texts: they exist in each language, are short enough, and use known placeholders."""

from collections import Counter
from collections.abc import Iterator

from shared.city.checks.findings import Findings
from shared.city.model.sorting import Category
from shared.city.texts.reporter_steps import WITHOUT_CASE, ReporterStep, may_name
from shared.city.texts.texts import LONGEST_SENTENCE, Wording, template


def check_texts(found: Findings) -> None:
    """Check every entry of ``texts.yaml``, and that no state and category has two."""
    languages = found.entries.city.languages
    for number, wording in enumerate(found.entries.texts):
        entry = (Wording, number)
        _check_categories(found, number, wording)
        for language in languages:
            if language not in wording.says:
                says = f"no text in {language!r}, a language of city.yaml"
                found.error(entry, "says", says=says, hint=f"give {', '.join(languages)}")
        for language, text in wording.says.items():
            if language not in languages:
                says = f"{language!r} is no language of city.yaml"
                found.error(entry, "says", language, says=says, hint=f"they are {', '.join(languages)}")
            for says, hint in _faults(wording.state, text):
                found.error(entry, "says", language, says=says, hint=hint)
    _check_once(found)


def _check_categories(found: Findings, number: int, wording: Wording) -> None:
    entry, codes = (Wording, number), found.names(Category)
    for category in wording.categories:
        if category is not None and category not in codes:
            found.error(entry, "category", says=f"no category {category!r} in categories.yaml")
    if wording.category is not None and wording.state in WITHOUT_CASE:
        says = f"{wording.state!r} is told whether there is a case or not: it has no category"
        found.error(entry, "category", says=says, hint="leave `category` out")


def _faults(state: ReporterStep, text: str) -> Iterator[tuple[str, str]]:
    """(message, hint) for every fault of one sentence."""
    if not text.strip():
        yield "the text is empty", "leave the entry out for the built-in words"
    if len(text) > LONGEST_SENTENCE:
        yield f"{len(text)} characters; at most {LONGEST_SENTENCE} are shown", "say it shorter"
    if not text.isprintable():
        yield "a line break or a character that cannot be seen", "write it on one line"
    split, known = template(text), may_name(state)
    offer = f"{state!r} has {', '.join(f'{{{name}}}' for name in sorted(known))}"
    for name in dict.fromkeys(split.names):
        if name not in known:
            yield f"unknown placeholder {{{name}}}", offer
    if split.has_stray_brace:
        yield "a { or } that belongs to no placeholder", offer


def _check_once(found: Findings) -> None:
    wordings = found.entries.texts
    counts = Counter((wording.state, category) for wording in wordings for category in wording.categories)
    seen: set[tuple[str, str | None]] = set()
    for number, wording in enumerate(wordings):
        for category in wording.categories:
            key = (wording.state, category)
            if key in seen:
                of = f" of {category!r}" if category is not None else ""
                says = f"{wording.state!r}{of} is given {counts[key]} times"
                found.error((Wording, number), "state", says=says, hint="one text for each state and category")
            seen.add(key)
