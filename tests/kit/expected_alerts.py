"""Who must be alerted of an event, worked out from the event and the entries of the pack alone.

The measure for what the notifier has. It is written anew and calls no code of the notifier and nothing of
``shared.city`` that decides; ``tests/contract/test_kit.py`` holds that. What to read it beside: ``docs/city-pack.md``.
"""

from datetime import datetime

from shared.city.model.promises import CommitmentEntry
from shared.city.model.sorting import Category
from shared.contracts.cases import CaseEvent, CaseState
from shared.contracts.catalogue import decode
from shared.contracts.envelope import Envelope
from tests.kit.expected_duty import Roster

DESKS_NAMED = frozenset(
    {
        "case.concluded.v1",
        "case.consulted.v1",
        "case.escalated.v1",
        "case.follow_up.v1",
        "case.forgotten.v1",
        "case.info_given.v1",
        "case.info_missing.v1",
        "case.marked_sensitive.v1",
        "case.offered.v1",
        "case.part_excused.v1",
        "case.part_finished.v1",
        "case.planned.v1",
        "case.priority_raised.v1",
        "case.refused.v1",
        "case.recused.v1",
        "case.reopened.v1",
        "case.objected.v1",
        "case.outcome_refused.v1",
        "case.outcome_requested.v1",
        "case.rejected.v1",
        "case.rejection_refused.v1",
        "case.rejection_requested.v1",
        "case.reported_in.v1",
        "case.return_refused.v1",
        "case.return_requested.v1",
        "case.returned.v1",
        "case.supervised.v1",
        "clock.extended.v1",
        "clock.extension_refused.v1",
        "clock.extension_requested.v1",
        "clock.pause_refused.v1",
        "clock.pause_requested.v1",
        "clock.paused.v1",
    }
)
"""Events of which the desks are told that the event itself names (``tell``)."""

ANSWERS = frozenset(
    {
        "case.outcome_refused.v1",
        "case.rejected.v1",
        "case.rejection_refused.v1",
        "case.return_refused.v1",
        "case.returned.v1",
        "clock.extended.v1",
        "clock.extension_refused.v1",
        "clock.pause_refused.v1",
        "clock.paused.v1",
    }
)
"""Events that decide about what somebody asked for, who is told as well."""

BY_DEFAULT = ("supervisor", "department_officer")
"""Who reads confidential cases in a pack that names nobody."""


def people_told(event: Envelope, roster: Roster) -> set[str]:
    """Ids of the people who are told of ``event``: of a case, of one of its clocks, or of a report without a case."""
    if event.type.startswith("report.unrouted."):
        return _Reach(roster, event.time).desk(roster.entries.city.root)
    data = decode(event, CaseEvent)
    reach = _Reach(roster, _rings_at(event, data.case, roster))
    if data.case.historic or data.quiet:
        return set()
    if event.type == "case.opened.v1" and data.case.sample is not None:
        return reach.told_of_find(data)
    named = reach.named(event.type, data)
    told = named | reach.posts(event.type, data)
    if data.case.confidential:
        told = reach.permitted(told, named, data.case)
    elif data.case.recused:
        told = reach.not_recused(told, data.case)
    return told - {data.asked_by or data.by} if event.type == "case.resolved.v1" else told


def _rings_at(event: Envelope, case: CaseState, roster: Roster) -> datetime:
    """When people are told: at once of danger, urgency, somebody in need and what may be sensitive, else as soon as the
    calendar of the case's promise is open."""
    category = next((c for c in roster.entries.categories if c.code == case.category), None)
    if event.type == "case.marked_sensitive.v1":
        return event.time
    if event.type == "case.opened.v1" and {"mass_incident", "self_harm", "media"} & set(case.suspected):
        return event.time
    if category is None or case.priority in ("danger", "urgent") or (event.type == "case.opened.v1" and category.pages):
        return event.time
    promise = _promise(case, category, roster)
    return event.time if promise is None else roster.opens(promise.calendar, event.time)


def _promise(case: CaseState, category: Category, roster: Roster) -> CommitmentEntry | None:
    """The commitment of the case: the deeper unit first, then category, class, priority, default, then the one that
    says most about priority and kind."""
    words = [("category", case.category), ("class", category.class_), ("class", case.priority), ("class", "default")]
    for unit in (*reversed(case.path), None):
        for what, word in words:
            fits = [
                c
                for c in roster.entries.commitments
                if word is not None
                and c.unit == unit
                and (c.category if what == "category" else c.class_ if c.category is None else None) == word
                and case.priority in _named(c.priority, case.priority)
                and case.kind in _named(c.kind, case.kind)
            ]
            if fits:
                return max(fits, key=lambda c: (c.priority is not None) + (c.kind is not None))
    return None


def _named(condition: str | tuple[str, ...] | None, anything: str) -> tuple[str, ...]:
    return (anything,) if condition is None else (condition,) if isinstance(condition, str) else condition


class _Reach:
    """Who of a city is reached at a time."""

    def __init__(self, roster: Roster, at: datetime) -> None:
        self._roster = roster
        self._at = at

    def named(self, type_: str, data: CaseEvent) -> set[str]:
        """Those who are meant themselves, not because they are on a post."""
        case = data.case
        if type_ == "case.opened.v1":
            return self._paired(case)
        if type_ == "case.assigned.v1" and case.assignee is not None and self._appointed(case.assignee):
            return {case.assignee}
        if type_ in ANSWERS and data.asked_by not in (None, data.by) and self._appointed(data.asked_by or ""):
            came = self._on_post(case.unit) if type_ == "case.returned.v1" else set()
            return {data.asked_by or ""} - came
        return set()

    def posts(self, type_: str, data: CaseEvent) -> set[str]:
        """Those who are told because of the post or the role that they have."""
        case = data.case
        told: set[str] = set()
        if type_ in ("case.opened.v1", "case.reopened.v1"):
            told |= self.desk(case.unit) | self.ground(case.within or case.unit)
        if type_ == "case.opened.v1":
            told |= self._desks(data.tell) | self._desks(data.judges)
        if type_ == "case.placed.v1":
            told |= self.desk(case.unit) | self.ground(case.within or case.unit)
        if type_ in ("clock.warned.v1", "clock.breached.v1"):
            told |= self._desks(data.tell if data.part is not None or data.clock == "review" else [case.unit])
        if type_ in ("case.called_in.v1", "case.part_started.v1"):
            told |= self._desks(data.tell).union(*map(self.ground, data.tell))
        if type_ in DESKS_NAMED:
            told |= self._desks(data.tell)
        if type_ in ("case.noted.v1", "case.confirmed.v1") and data.reporter_word is not None:
            told |= self._desks(data.tell)
        if type_ == "case.resolved.v1":
            told = told.union(*(self._who_inspects(unit, data.asked_by or data.by) for unit in data.tell))
        if type_ in ANSWERS and data.asked_by not in (None, data.by) and not self._appointed(data.asked_by or ""):
            told |= self.desk(data.tell[0] if data.tell else case.unit)
        if type_ == "case.follow_up.v1" and self._effect_is_due(case):
            told = told.union(*map(self._inspectors, data.tell))
        if type_ in ("case.moved.v1", "case.returned.v1"):
            told |= self.desk(case.unit)
        if type_ == "case.assigned.v1" and case.assignee is not None and not self._appointed(case.assignee):
            told |= self._desk_of_assignee(case.assignee, case.unit)
        return told

    def told_of_find(self, data: CaseEvent) -> set[str]:
        """Of what was handled on patrol: who inspects it, if it was drawn; of a danger the owner's desk too."""
        inspecting = set().union(*(self._who_inspects(unit, data.by) for unit in data.tell))
        told = inspecting - {data.asked_by or data.by or ""}
        return told | (self.desk(data.case.unit) if data.case.priority == "danger" else set())

    def desk(self, unit: str) -> set[str]:
        """Post A of ``unit``, or where nobody is on it that of the nearest unit above. A unit that never had a post A:
        everybody who is on duty there. With nobody up to the root: all who have its post A, on duty or not."""
        if not self._roster.is_unit(unit):
            return set()
        for above in self._roster.upwards(unit):
            if people := self._roster.on_duty(above, self._at, "A"):
                return people
            if not self._roster.keeps(above, "A", self._at) and (people := self._roster.on_duty(above, self._at)):
                return people
        root = self._roster.entries.city.root
        of_root = (p.id for p in self._roster.entries.people if p.unit == root and "A" in (p.post or ""))
        return {person for person in of_root if self._appointed(person)}

    def _on_post(self, unit: str) -> set[str]:
        """``desk``, but for those who are told only because a post on the way to them is vacant."""
        for above in self._roster.upwards(unit) if self._roster.is_unit(unit) else ():
            if people := self._roster.on_duty(above, self._at, "A"):
                return people
            if self._roster.keeps(above, "A", self._at):
                return set()
            if people := self._roster.on_duty(above, self._at):
                return people
        return set()

    def ground(self, unit: str) -> set[str]:
        """Post B of ``unit``. Where nobody is on it: who else is on duty there, but post A, which has a notice of its
        own; and if the unit has such a post, the desk above too, because it is vacant."""
        if not self._roster.is_unit(unit):
            return set()
        if people := self._roster.on_duty(unit, self._at, "B"):
            return people
        others = {p for p in self._roster.on_duty(unit, self._at) if self._roster.people[p].post != "A"}
        if not self._roster.keeps(unit, "B", self._at):
            return others
        above = [*self._roster.upwards(unit)][1:2] or [unit]
        return others | self.desk(above[0])

    def permitted(self, told: set[str], named: set[str], case: CaseState) -> set[str]:
        """Of a confidential case: of ``told`` those who see it. If that leaves somebody out who was not meant himself,
        the handlers whom the city names as well; and if then there is nobody, those who were left out."""
        seeing = {person for person in told if self._sees(person, case)}
        left_out = told - seeing - named
        if not left_out:
            return seeing
        return seeing | self._handlers(case) or left_out

    def not_recused(self, told: set[str], case: CaseState) -> set[str]:
        """Of a case from which a unit is recused: of ``told`` those who see it, else those of the owner's desk who
        do."""
        seeing = {person for person in told if self._sees(person, case)}
        if seeing or not told:
            return seeing
        return {person for person in self.desk(case.unit) if self._sees(person, case)}

    def _desks(self, units: list[str]) -> set[str]:
        return set().union(*map(self.desk, units))

    def _desk_of_assignee(self, assignee: str, owner: str) -> set[str]:
        """The unit that has the case; of somebody who is gone, the desk of the case's owner."""
        is_nobody = assignee not in self._roster.people
        return self.desk(assignee if is_nobody and self._roster.is_unit(assignee) else owner)

    def _appointed(self, person: str) -> bool:
        return self._roster.appointed(person, self._at)

    def _paired(self, case: CaseState) -> set[str]:
        """Whoever looks after somebody on that ground, if the category pages them and they are present."""
        pages = next((c.pages for c in self._roster.entries.categories if c.code == case.category), ())
        ground = case.within or case.unit
        for unit in self._roster.upwards(ground) if self._roster.is_unit(ground) else ():
            if pairs := [pair for pair in self._roster.entries.pairs if pair.unit == unit]:
                riders = {pair.rider for pair in pairs if "paired_rider" in pages}
                members = {pair.member for pair in pairs if pair.member is not None and "grid_member" in pages}
                return {person for person in riders | members if self._roster.present(person, self._at)}
        return set()

    def _effect_is_due(self, case: CaseState) -> bool:
        """Whether the reminder is of the review that the category asks for once a case is closed."""
        asked = any(c.effect_check for c in self._roster.entries.categories if c.code == case.category)
        return asked and case.state == "closed"

    def _inspectors(self, unit: str) -> set[str]:
        """The present inspectors of ``unit``, or of the nearest unit above that has any."""
        for above in self._roster.upwards(unit) if self._roster.is_unit(unit) else ():
            placed = (p.id for p in self._roster.entries.people if p.unit == above and p.role == "inspector")
            if present := {person for person in placed if self._roster.present(person, self._at)}:
                return present
        return set()

    def _who_inspects(self, unit: str, resolver: str | None) -> set[str]:
        """The nearest inspectors upwards but who resolved it; else the desk, else that of the level above."""
        upwards = [*self._roster.upwards(unit)] if self._roster.is_unit(unit) else []
        for above in upwards:
            placed = (p.id for p in self._roster.entries.people if p.unit == above and p.role == "inspector")
            if present := {one for one in placed if one != resolver and self._roster.present(one, self._at)}:
                return present
        for desk in upwards[:2]:
            if others := self.desk(desk) - {resolver}:
                return others
        return set()

    def _sees(self, person: str, case: CaseState) -> bool:
        """By the list that the event carries: units, and people with an ``@``. Events of 0.1.0 have none: then the
        units that have to do with the case."""
        concerned = (case.unit, case.assignee, case.offered_to, *(part.unit for part in case.parts), *case.parties)
        seeing = set(case.seen_by) or {unit for unit in concerned if unit is not None and self._roster.is_unit(unit)}
        return self._roster.people[person].unit in seeing or f"@{person}" in seeing

    def _handlers(self, case: CaseState) -> set[str]:
        """The present people whom the city trusts with confidential cases of the category, or of the unit that has the
        case, and who see this one."""
        city = self._roster.entries.city
        fitting = [h for h in city.confidential if case.category in h.categories]
        fitting += [h for h in city.confidential if not h.categories]
        trusted = [(h.unit, h.people) for h in fitting[:1]] or [(self._goes_to(case.category), BY_DEFAULT)]
        trusted += [(h.unit, h.people) for h in city.confidential if h.unit == case.unit]
        return {
            p.id
            for p in self._roster.entries.people
            if any(p.id in names or (p.unit == unit and p.role in names) for unit, names in trusted)
            and self._sees(p.id, case)
            and self._roster.present(p.id, self._at)
        }

    def _goes_to(self, category: str) -> str:
        goes_to = next((c.goes_to for c in self._roster.entries.categories if c.code == category), None)
        return goes_to if goes_to is not None and self._roster.is_unit(goes_to) else self._roster.entries.city.root
