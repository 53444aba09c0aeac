"""Limits on the content of a pack, so that no city's pack slows down the others (``limits`` has those of lists).

All words are searched for in every report's text, so their total number and the number of ``*`` are limited (50,000
keywords with ``*`` took 20 s per report).
"""

from collections.abc import Iterator

from shared.city.checks.findings import Findings

BUILDINGS_MAX = 200_000
WORDS_MAX = 10_000
GAPPED_MAX = 500
"""Phrases with ``*``, of all categories, feedback, suspicions and rules."""
GAPS_IN_A_PHRASE = 3
SHIFTS_MAX = 60_000


def check_sizes(found: Findings) -> bool:
    """Check the limits; True when the pack is small enough for the other checks."""
    entries = found.entries
    fits = True
    words = list(_words(found))
    gapped = [word for word in words if "*" in word]
    for number, most, what in (
        (len(words), WORDS_MAX, "keywords and other words"),
        (len(gapped), GAPPED_MAX, "words with `*`"),
    ):
        if number > most:
            fits = False
            found.error_at(
                "categories.yaml", says=f"{number} {what}, more than {most}", hint="write fewer, shorter ones"
            )
    for word in gapped:
        if word.count("*") > GAPS_IN_A_PHRASE:
            fits = False
            says = f"{word[:40]!r} has more than {GAPS_IN_A_PHRASE} `*`"
            found.error_at("categories.yaml", says=says, hint="a phrase of two or three parts finds more")
    if sum(len(place.buildings) for place in entries.places) > BUILDINGS_MAX:
        fits = False
        found.error_at("places.yaml", says=f"more than {BUILDINGS_MAX} buildings", hint="keep those with a point")
    if sum(len(person.shifts) for person in entries.people) > SHIFTS_MAX:
        fits = False
        found.error_at("posts.yaml", says=f"more than {SHIFTS_MAX} shifts", hint="let old ones go")
    return fits


def _words(found: Findings) -> Iterator[str]:
    """Every phrase that is searched for in a report's text."""
    for category in found.entries.categories:
        yield from (*category.keywords, *category.hints, *category.not_)
    for feedback in found.entries.feedback:
        yield from (*feedback.words, *feedback.not_)
    for place in found.entries.elsewhere:
        yield from (*place.words, *place.not_)
    for suspicion in found.entries.suspicions:
        yield from (*suspicion.words, *suspicion.not_)
    for rule in found.entries.rules:
        for said in (rule.when.text, rule.when.not_text):
            yield from (said,) if isinstance(said, str) else said or ()
