"""A city pack, parsed and checked, with the lookups that services use."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from shared.city.bridges import BridgeLookup
from shared.city.model.ground import Unit
from shared.city.model.people import Person
from shared.city.model.promises import CommitmentEntry
from shared.city.model.sorting import Rule
from shared.city.pack_files import Entries
from shared.city.people.handlers import HandlerLookup
from shared.city.people.on_duty import NO_CHANGES, Posts
from shared.city.people.receivers import Receivers
from shared.city.people.rota import RotaChanges, of_pack
from shared.city.place.areas import Area, Areas, Floats
from shared.city.place.gazetteer import Gazetteer
from shared.city.place.locating import Located, LocatedMany, LocateRequest, Locator
from shared.city.place.nearest_place import NearestPlaces
from shared.city.place.tree import Tree
from shared.city.problems import Problem
from shared.city.promises.calendars import ALWAYS, calendar_of
from shared.city.promises.commitments import Commitments
from shared.city.promises.outcomes import outcomes_of
from shared.city.promises.rulings import rejection_reasons, return_reasons
from shared.city.sorting.categories import OTHER, Classification, Classifier
from shared.city.sorting.elsewhere import ElsewhereLookup
from shared.city.sorting.questions import Questions
from shared.city.sorting.rules import Rules
from shared.city.texts.texts import Texts
from shared.city.words.feedback import FeedbackWords
from shared.city.words.suspicions import Suspicions
from shared.kernel.demonstration import demonstration_notice
from shared.kernel.vocabulary import KINDS_OF_THINGS, FeedbackKind, How, ReportKind, Suspicion
from shared.kernel.working_time import Calendar


class Pack:
    """Immutable; made only by ``reading.read_pack``. No method does I/O.

    ``version``: 16 hex digits, a hash of the parsed content; comments, order of keys and layout do not change it.
    ``rest``: the parsed files for planned services (merit, stations, tasks, services, assessment).
    """

    def __init__(self, entries: Entries, tree: Tree, version: str, warnings: tuple[Problem, ...]) -> None:
        self.city = entries.city
        self.version = version
        self.warnings = warnings
        self.tree = tree
        self.units: Mapping[str, Unit] = MappingProxyType(dict(tree.units))
        self.root = tree.root
        self.categories = MappingProxyType({category.code: category for category in entries.categories})
        self.questions = {c.code: Questions(c.questions) for c in entries.categories if c.questions}
        self.commitments = entries.commitments
        self.pause_reasons = MappingProxyType({reason.code: reason for reason in entries.pauses})
        self.return_reasons = return_reasons(entries.returns)
        self.rejection_reasons = rejection_reasons(entries.rejections)
        self.rules = entries.rules
        self.calendars = MappingProxyType({calendar.id: calendar for calendar in entries.calendars})
        self.people = MappingProxyType({person.id: person for person in entries.people})
        self.places = entries.places
        self.no_location = entries.no_location
        self.bridges = MappingProxyType({entry.id: BridgeLookup(entry, tree.units) for entry in entries.bridges})
        self.rest: Mapping[str, Any] = MappingProxyType(entries.rest)
        self._classifier = Classifier(entries.categories)
        self._dangers = Classifier(c for c in entries.categories if c.priority == "danger" or c.code == OTHER)
        self._feedback = FeedbackWords(
            entries.feedback,
            (name for place in entries.places for name in (place.name, *place.aliases)),
            (word for category in entries.categories for word in (*category.keywords, *category.hints)),
        )
        self.elsewhere = ElsewhereLookup(entries.elsewhere, self.categories)
        self._suspicions = Suspicions(entries.suspicions)
        self._rules = Rules(entries.rules)
        self._commitments = Commitments(entries.commitments, self.categories)
        self.receivers = Receivers(self.city, self.units.values(), entries.people)
        self.handlers = HandlerLookup(self.city, self.units, self.people, entries.categories)
        self.wordings = entries.texts
        self.texts = Texts(entries.texts)
        self._calendars = {spec.id: calendar_of(spec, self.city.timezone) for spec in entries.calendars}
        self.posts = Posts(
            self.people,
            of_pack(entries.swaps, entries.leave, ZoneInfo(self.city.timezone)),
            entries.covers,
            entries.pairs,
            self.city.timezone,
            self._calendars,
        )
        self.places = entries.places
        self._areas = _by_layer(entries.areas, tree.units)
        with_ground = [tree.units[unit] for unit in dict.fromkeys(area.unit for area in entries.areas)]
        self._gazetteer = Gazetteer(entries.places, with_ground)
        self._locator = Locator(self.city, tree, self._areas[None], self._gazetteer, entries.no_location)
        self.nearest = NearestPlaces(entries.places)

    def day(self, at: datetime) -> date:
        """The city's calendar day at ``at`` (aware)."""
        return at.astimezone(self.posts.zone).date()

    def notice(self, language: str | None = None) -> str | None:
        """What a demonstration says everywhere, in ``language`` (None: the city's first); None for a city in use."""
        return demonstration_notice(language or self.city.languages[0]) if self.city.demonstration else None

    def locate(
        self,
        point: tuple[float, float] | None,
        text: str | None = None,
        unit: str | None = None,
        on: date | None = None,
    ) -> Located:
        """The unit that answers for a place, and why: ``Locator.locate``."""
        return self._locator.locate(point, text, unit, on)

    def locate_each(self, asked: Sequence[LocateRequest]) -> list[Located]:
        """``locate`` for many requests: ``Locator.locate_each``."""
        return self._locator.locate_each(asked)

    def locate_many(self, lon: Floats, lat: Floats, on: date | None = None, borders: bool = False) -> LocatedMany:
        """Many points at once, by area only: ``Locator.locate_many``."""
        return self._locator.locate_many(lon, lat, on, borders)

    def near_words_each(self, points: Sequence[tuple[float, float]]) -> list[str | None]:
        """What is near each point, in the city's first language: ``NearestPlaces.words_each``."""
        return self.nearest.words_each(points, chinese=self.city.languages[0].startswith("zh"))

    def covering(self, point: tuple[float, float], layer: str | None, on: date | None = None) -> tuple[str, ...]:
        """The units of ``layer`` whose areas cover the point (lon, lat), deepest first; None: the layer that routes."""
        if layer not in self._areas:
            return ()
        index = self._areas[layer].at(on)
        return tuple(dict.fromkeys(index.units[area] for area in index.covering(*point)))

    def areas_of(self, unit: str, on: date | None = None) -> list[Area]:
        """The areas of a unit that are valid on that day."""
        layer = self.tree.units[unit].layer
        return self._areas[layer].of(unit, on) if layer in self._areas else []

    def in_one_form(self, text: str) -> str:
        """``text`` normalized for comparing addresses: ``Gazetteer.in_one_form``."""
        return self._gazetteer.in_one_form(text)

    def outcomes(self, category: str, kind: ReportKind) -> tuple[How, ...]:
        """How a case of that category and kind may be resolved: ``outcomes_of``."""
        return outcomes_of(self.city, self.categories.get(category), kind)

    def classify(self, text: str) -> Classification:
        """The category of a text by its words: ``Classifier.classify``."""
        return self._classifier.classify(text)

    def about_people(self, category: str, kind: str | None) -> bool:
        """Whether a case is about people: by its category (``about_people``), or as a need or a clue (``kind``; None
        where it is not known). Of such a case no point and no word leaves for apps of others, groups and robots."""
        known = self.categories.get(category)
        return (known is not None and known.about_people) or (kind is not None and kind not in KINDS_OF_THINGS)

    def danger(self, category: str | None, text: str) -> bool:
        """Whether a report is danger: by its given ``category``, or else by the words of ``text``."""
        if category is not None and category in self.categories:
            return self.categories[category].priority == "danger"
        code = self._dangers.classify(text).code
        if code != OTHER:  # searching for the few words of danger is quick, and most texts have none
            code = self.classify(text).code
        return self.categories[code].priority == "danger"

    def first_call(self, category: str, text: str = "") -> str | None:
        """Whom to call before anything else, in the city's first language: as ``category`` says, else as the words of
        ``text`` do if they mean a danger. None where there is nothing to say."""
        means = self.classify(text).code if text and self.danger(None, text) else category
        for found in (self.categories.get(code) for code in (category, means)):
            if found is not None and found.emergency:
                return self.said(found.emergency, found.emergency_en)
        return None

    def said(self, words: str, words_en: str) -> str:
        """One of both, in the city's first language; the first where there is no second."""
        return words if self.city.languages[0].startswith("zh") else words_en or words

    def feedback(self, text: str) -> FeedbackKind | None:
        """Whether the whole text only says that something is fixed, or thanks: ``FeedbackWords.kind_of``."""
        return self._feedback.kind_of(text)

    def suspicions(self, text: str) -> tuple[Suspicion, ...]:
        """What the words of ``text`` suggest, for an officer to decide: ``Suspicions.of``."""
        return self._suspicions.of(text)

    def rule_for(
        self,
        category: str,
        kind: str,
        app: str,
        text: str = "",
        unit_path: tuple[str, ...] = (),
        priority: str | None = None,
        channel: str = "app",
    ) -> Rule | None:
        """The first routing rule that holds: ``Rules.find``."""
        says = self.feedback(text) if self._rules.heed_feedback else None
        return self._rules.find(category, kind, app, text, unit_path, priority, says, channel)

    def commitment_for(
        self, category: str, unit_path: tuple[str, ...], priority: str | None = None, kind: str | None = None
    ) -> CommitmentEntry:
        """The most specific commitment: ``Commitments.find``.

        Raises ``KeyError`` for an unknown category when there is no default.
        """
        found = self._commitments.find(category, unit_path, priority, kind)
        if found is None:
            raise KeyError(category)
        return found

    def calendar(self, name: str) -> Calendar:
        """The calendar with that id; ``always`` is built in. Raises ``KeyError`` when there is none."""
        return self._calendars[name] if name in self._calendars else {"always": ALWAYS}[name]

    def people_at(
        self,
        unit: str,
        post: str | None = None,
        roles: frozenset[str] | None = None,
        on: date | None = None,
    ) -> tuple[Person, ...]:
        """The people placed at ``unit`` itself: ``Posts.people_at``."""
        return self.posts.people_at(unit, post, roles, on)

    def on_duty(
        self, unit: str, at: datetime, post: str | None = None, since: RotaChanges = NO_CHANGES
    ) -> tuple[Person, ...]:
        """The people on duty at ``unit``, by shifts, swaps, leave and cover rules: ``Posts.on_duty``."""
        return self.posts.on_duty(unit, at, post, since)

    def target(self, word: str, unit: str) -> str | None:
        """The unit that own, parent, a level word or an id means, seen from ``unit``: ``Tree.target``."""
        return self.tree.target(word, unit)


def _by_layer(areas: tuple[Area, ...], units: Mapping[str, Unit]) -> dict[str | None, Areas]:
    layers: dict[str | None, list[Area]] = {None: []}
    for area in areas:
        layers.setdefault(units[area.unit].layer, []).append(area)
    return {layer: Areas(found, units) for layer, found in layers.items()}
