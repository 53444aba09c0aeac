"""Finding words in what people type: one normal form, and a scanner for many phrases at once.

A phrase matches anywhere in the text; one that begins with an ASCII letter or digit only at the start of a word. ``*``
in a phrase stands for up to ``GAP`` characters, so that 往下*扔 finds 往下面乱扔.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from shared.city.simplified import simplified
from shared.kernel.spelling import bare

GAP = 8
LONGEST_TEXT = 4000
_BLANKS = re.compile(r"\s+")
_ASCII = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")


class Hit(NamedTuple):
    """Phrase ``number`` stands at ``start``–``end`` of the plain text."""

    start: int
    end: int
    number: int


def plain(text: str) -> str:
    """As it is compared: half-width, simplified, case folded, blanks collapsed, without what nobody sees.

    At most ``LONGEST_TEXT`` characters.
    """
    return _BLANKS.sub(" ", simplified(bare(text)[:LONGEST_TEXT]).casefold()).strip()


class Phrases:
    """Phrases by their number (their place in what was given). Immutable; finding is linear in the text."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._begin: dict[str, dict[str, list[tuple[str, tuple[str, ...], int]]]] = {}
        for number, phrase in enumerate(phrases):
            parts = [part for part in plain(phrase).split("*") if part]
            if parts:
                followers = self._begin.setdefault(parts[0][0], {})
                followers.setdefault(parts[0][1:2], []).append((parts[0], tuple(parts[1:]), number))

    def find(self, text: str) -> list[Hit]:
        """Every hit in plain ``text``, by start."""
        hits: list[Hit] = []
        begin = self._begin
        for at, first in enumerate(text):
            followers = begin.get(first)
            if followers is None:
                continue
            found = followers.get(text[at + 1 : at + 2], ())
            if "" in followers:
                found = [*followers[""], *found] if found else followers[""]
            if not found or (at and first in _ASCII and text[at - 1] in _ASCII):
                continue
            for head, rest, number in found:
                if text.startswith(head, at):
                    end = _follow(text, at + len(head), rest) if rest else at + len(head)
                    if end:
                        hits.append(Hit(at, end, number))
        return hits


def _follow(text: str, end: int, rest: tuple[str, ...]) -> int:
    """Where the parts of a phrase after its first end, 0 when one is missing."""
    for part in rest:
        at = text.find(part, end, end + GAP + len(part))
        if at < 0:
            return 0
        end = at + len(part)
    return end
