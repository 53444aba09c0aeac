"""Somebody's look at a case: what the page is made from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Protocol

from shared.case_page.case_answer import CaseSeen
from shared.case_page.next_steps import Reader
from shared.case_page.words import Words
from shared.kernel.vocabulary import AfterPhoto


class Names(Protocol):
    """The names of what the case only has ids of, in the page's language."""

    def unit(self, id_: str) -> str: ...

    def level(self, id_: str) -> str:
        """What the unit's level is called: 社区; empty for a unit that is not known."""

    def person(self, id_: str | None) -> str: ...

    def category(self, code: str | None) -> str: ...

    def pause_reason(self, code: str) -> str: ...

    def question(self, category: str | None, name: str) -> str:
        """The words of a category's question; its name where the category asks it no more."""


@dataclass(frozen=True, slots=True)
class Look:
    """Who looks at which case, when and where. ``told``: who else was told; ``photo_url``: where a thumbnail is.

    ``after_photo``: what the case's category says. ``zone``: the city's time zone.
    """

    seen: CaseSeen
    reader: Reader
    names: Names
    words: Words
    now: datetime
    zone: tzinfo
    photo_url: Callable[[str], str]
    after_photo: AfterPhoto = "asked"
    told: Sequence[str] = ()

    def moment(self, at: datetime) -> str:
        """In the city's zone; where that is not known, in UTC, which is said."""
        return self.words.moment(at, self.now, self.zone) + (" UTC" if self.zone is UTC else "")
