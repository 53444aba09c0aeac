"""Searches texts for many phrases at once, after normalizing both.

A phrase matches anywhere in the text; one that begins with an ASCII letter or digit matches only at the start of a
word. ``*`` in a phrase stands for up to ``GAP`` characters, so that 往下*扔 finds 往下面乱扔.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from shared.city.words.simplified import simplified
from shared.kernel.spelling import compared_spelling

GAP = 8
LONGEST_TEXT = 4000
WORK_MAX = 60_000
"""Most steps of one search: a lookup is one, a possible hit ``FOUND_COSTS`` per part. A text that consists only of a
city's keywords takes 40,000; without the limit, a text built to match a large pack would block the event loop for
minutes."""
FOUND_COSTS = 3
_BLANKS = re.compile(r"\s+")
_ASCII = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")

_Heads = dict[int, dict[str, list[tuple[tuple[str, ...], int]]]]
"""Length → the part before a phrase's first ``*`` → (the parts after it, the phrase's number)."""
_NONE: _Heads = {}


class Hit(NamedTuple):
    """Phrase ``number`` was found at ``start``–``end`` of the text."""

    start: int
    end: int
    number: int


@lru_cache(maxsize=16)
def plain(text: str) -> str:
    """``text`` normalized for searching: half-width, simplified characters, case folded, spaces collapsed, invisible
    characters removed; at most ``LONGEST_TEXT`` characters. Of one report it is asked for again and again.
    """
    return _BLANKS.sub(" ", simplified(compared_spelling(text)[:LONGEST_TEXT]).casefold()).strip()


class Phrases:
    """Phrases, numbered in the given order. Immutable; a search takes at most ``WORK_MAX`` steps."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._begin: dict[str, dict[str, _Heads]] = {}
        for number, phrase in enumerate(phrases):
            head, *rest = [part for part in plain(phrase).split("*") if part] or [""]
            if head:
                heads = self._begin.setdefault(head[0], {}).setdefault(head[1:2], {})
                heads.setdefault(len(head), {}).setdefault(head, []).append((tuple(rest), number))

    def find(self, text: str) -> list[Hit]:
        """Every hit in ``text`` (normalized by ``plain``), by start; after ``WORK_MAX`` steps the search ends."""
        hits: list[Hit] = []
        begin = self._begin
        left = WORK_MAX
        for at in [at for at, first in enumerate(text) if first in begin]:
            if at and text[at] in _ASCII and text[at - 1] in _ASCII:
                continue
            followers = begin[text[at]]
            after = text[at + 1 : at + 2]
            for second in ("", after) if after else ("",):
                for length, heads in followers.get(second, _NONE).items():
                    left -= 1
                    for rest, number in heads.get(text[at : at + length], ()):
                        left -= FOUND_COSTS * (1 + len(rest))
                        if left < 0:
                            return hits
                        end = _follow(text, at + length, rest)
                        if end:
                            hits.append(Hit(at, end, number))
            if left < 0:
                return hits
        return hits


def _follow(text: str, end: int, rest: tuple[str, ...]) -> int:
    """The end of a phrase whose remaining parts are ``rest``; 0 when one is missing."""
    for part in rest:
        at = text.find(part, end, end + GAP + len(part))
        if at < 0:
            return 0
        end = at + len(part)
    return end
