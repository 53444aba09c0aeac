"""The names that a page shows, from the city's pack, in the page's language."""

from collections.abc import Mapping

from shared.case_page.words import Words
from shared.city.level_words import level_words
from shared.city.pack import Pack


class PackNames:
    """``shared.case_page.look.Names`` of one pack. What a pack does not have any more is shown by its id."""

    def __init__(self, pack: Pack, words: Words) -> None:
        self._pack = pack
        self._words = words

    def unit(self, id_: str) -> str:
        found = self._pack.units.get(id_)
        return id_ if found is None else self._words.of((found.name, found.name_en or found.name))

    def level(self, id_: str) -> str:
        return self._words.of(level_words(self._pack, id_))

    def person(self, id_: str | None) -> str:
        found = self._pack.people.get(id_ or "")
        if found is None:
            return self._words.of(("他人", "Somebody else"))
        return self._words.of((found.name, found.name_en or found.name))

    def category(self, code: str | None) -> str:
        found = self._pack.categories.get(code or "")
        return "" if found is None else self._words.of((found.name, found.name_en or found.name))

    def pause_reason(self, code: str) -> str:
        found = self._pack.pause_reasons.get(code)
        return code if found is None else self._words.of((found.name, found.name_en or found.name))

    def question(self, category: str | None, name: str) -> str:
        found = self._pack.categories.get(category or "")
        asked = found.questions.get("properties", {}).get(name) if found is not None else None
        return str(asked.get("title", name)) if isinstance(asked, Mapping) else name

    def on_post(self, id_: str) -> str | None:
        """Somebody with unit and post: 张三（交通路社区值班员）; None for who left the pack. No telephone number."""
        found = self._pack.people.get(id_)
        if found is None:
            return None
        role, unit = self._words.role(found.role), self.unit(found.unit)
        return self._words.of((f"{self.person(id_)}（{unit}{role}）", f"{self.person(id_)} ({unit}, {role})"))
