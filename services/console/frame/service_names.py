"""The names that the console's pages show, as the services tell them, in the page's language."""

from collections.abc import Iterable, Mapping
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

from services.console.router_client import Categories, Category, NameOf, NamesTold, PersonName, Question
from shared.case_page.case_answer import CaseAnswer, Ruling
from shared.case_page.record import written
from shared.case_page.words import Words


class ServiceNames:
    """``shared.case_page.look.Names``. What the pack does not have any more is shown by its id, a person not at all."""

    def __init__(self, told: NamesTold, categories: Categories, words: Words) -> None:
        self._told = told
        self.categories: Mapping[str, Category] = categories.by_code
        self.demonstration = categories.notice is not None
        self.words = words

    @property
    def zone(self) -> tzinfo:
        """The city's."""
        return ZoneInfo(self._told.timezone) if self._told.timezone else UTC

    def unit(self, id_: str) -> str:
        found = self._told.units.get(id_)
        return self._named(found) if found is not None else id_

    def level(self, id_: str) -> str:
        found = self._told.units.get(id_)
        return self.words.of((found.level, found.level_en)) if found is not None else ""

    def person(self, id_: str | None) -> str:
        found = self._told.people.get(id_ or "")
        return self._named(found) if found is not None else self.words.of(("他人", "Somebody else"))

    def category(self, code: str | None) -> str:
        found = self.categories.get(code or "")
        return self._named(found) if found is not None else ""

    def pause_reason(self, code: str) -> str:
        found = self._told.reasons.get(code)
        return self._named(found) if found is not None else code

    def question(self, category: str | None, name: str) -> str:
        found = self.categories.get(category or "")
        asked = found.questions.properties.get(name) if found is not None else None
        return asked.title or name if isinstance(asked, Question) else name

    def on_post(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Those of the pack with unit and post: 张三（交通路社区值班员）."""
        found = (self._told.people.get(id_) for id_ in ids)
        return tuple(self._with_post(person) for person in found if person is not None)

    def _with_post(self, person: PersonName) -> str:
        name, unit, role = self._named(person), self._named(person.unit), self.words.role(person.role)
        return self.words.of((f"{name}（{unit}{role}）", f"{name} ({unit}, {role})"))

    def _named(self, entry: "NameOf | Category") -> str:
        return self.words.of((entry.name, entry.name_en or entry.name))


def of_case(case: CaseAnswer, told: Iterable[str]) -> tuple[list[str], list[str], list[str]]:
    """Ids of the people, units and reasons that the page of a case names, each once."""
    asked = case.ruling or Ruling("")
    acted = (case.claimed_by, case.assignee, *(ask.asked_by for ask in case.asks), asked.asked_by)
    wrote = (line.by for line in written(case))
    parties = case.consultation.parties if case.consultation is not None else ()
    concerned = (case.unit, case.within, case.offered_to, asked.unit, asked.suggests)
    called = (line.unit for line in written(case))
    units = (*concerned, *called, *(part.unit for part in case.parts), *parties)
    reasons = (ask.reason for ask in case.asks if ask.what == "pause")
    people, named, why = (dict.fromkeys(id_ for id_ in ids if id_) for ids in ((*acted, *wrote, *told), units, reasons))
    return list(people), list(named), list(why)
