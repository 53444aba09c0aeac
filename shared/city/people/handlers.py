"""Who may read confidential reports (handlers), and who may see the reporter of an ordinary one (unmask)."""

from collections.abc import Iterable, Mapping

from shared.city.model.city import City, Handlers
from shared.city.model.ground import Unit
from shared.city.model.people import Person
from shared.city.model.sorting import Category

BY_DEFAULT = ("supervisor", "department_officer")


class HandlerLookup:
    """The handlers of one pack, by category."""

    def __init__(
        self, city: City, units: Mapping[str, Unit], people: Mapping[str, Person], categories: Iterable[Category]
    ) -> None:
        self._city = city
        self._people = people
        self._of = {
            category.code: self._found(category.code, category.goes_to if category.goes_to in units else None)
            for category in categories
        }

    def of_category(self, category: str) -> Handlers:
        """The unit that gets confidential reports of ``category``, and the people who read them.

        If the pack names nobody: supervisors and department officers of the unit that the category goes to, else of
        the root.
        """
        return self._of.get(category) or self._found(category, None)

    def _found(self, category: str, goes_to: str | None) -> Handlers:
        named = next((h for h in self._city.confidential if category in h.categories), None)
        rest = next((h for h in self._city.confidential if not h.categories), None)
        return named or rest or Handlers(unit=goes_to or self._city.root, people=BY_DEFAULT)

    def is_handler(self, person: str | None, category: str, unit: str | None) -> bool:
        """Whether ``person`` is a handler for ``category``, or for the ``unit`` that owns the case now."""
        known = self._people.get(person or "")
        if known is None:
            return False
        entries = (self.of_category(category), *(h for h in self._city.confidential if h.unit == unit))
        return any(_reads(known, one) for one in entries)

    def read_by(self, person: str | None) -> frozenset[Handlers]:
        """What of what is confidential ``person`` reads, by who else reads it."""
        known = self._people.get(person or "")
        entries = {*self._of.values(), *self._city.confidential}
        return frozenset(one for one in entries if known is not None and _reads(known, one))

    def may_unmask(self, person: str | None) -> bool:
        """Whether ``person`` may see who sent an ordinary report; each time is recorded."""
        known = self._people.get(person or "")
        return known is not None and known.role in self._city.unmask


def _reads(person: Person, named: Handlers) -> bool:
    return person.id in named.people or (person.unit == named.unit and person.role in named.people)
