"""``/duty``: who is on now, the week of the unit's rota with its gaps, swaps and leave; one's duty calendar, a test
alert, and places that are muted for a while."""

import asyncio
from datetime import date

from starlette.responses import Response

from services.console.case.command_press import moment
from services.console.duty.answers import NOWHERE, DutyCalls
from services.console.duty.rules import AFTER, PER, PRIORITIES, QUIETS, WRONG, rules_of, shown, wrong_part
from services.console.duty.said import change_words, evening, gaps, mute_words, people_named, tested_words
from services.console.duty.week import DAY, DAYS, RotaWords
from services.console.frame.channel_names import CHANNELS
from services.console.frame.languages import N_
from services.console.frame.navigation import NavLink
from services.console.frame.page import Page
from services.console.frame.site import Site
from services.console.frame.visit import Visit
from shared.kernel.errors import Refusal
from shared.runtime.http_server.route import Route

METRES = (100, 200, 500, 1000)
SHOWN_CHANGES = 20
PLACES_MAX = 300
WRONG_FIELDS = {
    "swaps": {
        "/from": ("from", N_("Choose whose turn it is, of your units.")),
        "/to": ("to", N_("Choose somebody else of your units, with fewer changes to come.")),
        "/on": ("on", N_("There is no turn of this person that begins on that day.")),
        "/in_return": ("in_return", N_("There is no turn to give back that begins on that day.")),
    },
    "leave": {
        "/person": ("person", N_("Choose somebody of your units, with fewer changes to come.")),
        "/from": ("leave_from", N_("Say from when.")),
        "/until": ("leave_until", N_("Leave ends after it begins, is not over yet, and lasts a year at most.")),
    },
    "mute": {
        "/until": ("until", N_("It ends after now, within a week.")),
        "/reason": ("mute_reason", N_("Say why: everybody reads it here.")),
    },
}
FIELDS = (
    *("from", "to", "on", "in_return", "reason"),
    *("person", "leave_from", "leave_until", "leave_reason"),
    *("place", "metres", "until", "mute_reason", "category"),
)


class Duty(Page):
    """The page and its forms."""

    links = (NavLink("/duty", N_("Duty"), 40),)

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self._calls = DutyCalls(self.services)

    def routes(self) -> list[Route]:
        return [
            self.get("/duty", self.show, "Who is on duty, and the week"),
            self.post("/duty/swap", self.swap, "Swap a turn"),
            self.post("/duty/leave", self.leave, "Put somebody on leave"),
            self.post("/duty/calendar", self.calendar, "Subscribe to one's duty calendar, or end its address"),
            self.post("/duty/test", self.test, "Send oneself a test alert"),
            self.post("/duty/mute", self.mute, "Mute a place for a while"),
            self.post("/duty/unmute", self.unmute, "End a mute"),
            self.get("/duty/rules", self.rules, "How one is told beside the inbox"),
            self.post("/duty/rules", self.keep_rules, "Keep one's rules"),
        ]

    async def show(self, visit: Visit) -> Response:
        query = visit.request.query_params
        return await self._page(visit, given={"from": query.get("give", ""), "on": query.get("on", "")})

    async def swap(self, visit: Visit) -> Response:
        given = {name: visit.form.get(name) for name in ("from", "to", "on", "in_return", "reason")}
        return await self._entered(visit, "swaps", {name: value for name, value in given.items() if value})

    async def leave(self, visit: Visit) -> Response:
        form, zone = visit.form, visit.zone
        body = {"person": form.get("person"), "reason": form.get("leave_reason")}
        body |= {name: moment(form.get(f"leave_{name}"), zone) for name in ("from", "until")}
        return await self._entered(visit, "leave", {name: value for name, value in body.items() if value})

    async def calendar(self, visit: Visit) -> Response:
        if visit.form.get("do") == "end":
            await self._calls.end_calendar(visit.token, visit.form.key)
            return visit.go("/duty", said=visit._("The calendar's address has ended: nobody reads it any more."))
        url = await self._calls.calendar(visit.token, visit.form.key)
        _, _, rest = url.partition("://")
        said = visit._("Your calendar's address is below: open or copy it.")
        return await self._page(visit, said=said, webcal=f"webcal://{rest}")

    async def test(self, visit: Visit) -> Response:
        try:
            await self._calls.test(visit.token, visit.form.key)
        except Refusal as refusal:
            if refusal.status != 429:
                raise
            return await self._page(visit, said=visit._("At most six test alerts an hour."), status=429)
        return visit.go("/duty", said=visit._("A test alert was sent: below is over which channels."))

    async def mute(self, visit: Visit) -> Response:
        form = visit.form
        metres = int(form.get("metres")) if form.get("metres") in {str(one) for one in METRES} else METRES[1]
        body = {
            "unit": visit.me.unit,
            "until": moment(form.get("until"), visit.zone),
            "reason": form.get("mute_reason"),
            "categories": [one for one in form.all("category") if one],
            "metres": metres,
        }
        try:
            made = await self._calls.mute(visit.token, form.get("place"), body, form.key)
        except Refusal as refusal:
            if refusal.extra.get("reason") == NOWHERE:
                said = visit._("These words name no single place here: choose one of the list, or say more.")
                return await self._wrong(visit, said, "place", 422)
            return await self._refused(visit, "mute", refusal)
        said = visit._("Muted until %(at)s. Danger rings all the same.", at=visit.moment(made.until))
        return visit.go("/duty", said=said)

    async def unmute(self, visit: Visit) -> Response:
        await self._calls.end_mute(visit.token, visit.form.get("silence"), visit.form.key)
        return visit.go("/duty", said=visit._("The mute has ended: new cases there ring again."))

    async def rules(self, visit: Visit) -> Response:
        return await self._rules_page(visit)

    async def keep_rules(self, visit: Visit) -> Response:
        kinds = await self._kinds(visit)
        try:
            kept = rules_of(visit.form, kinds, await self._calls.rules(visit.token))
            await self._calls.put_rules(visit.token, kept)
        except Refusal as refusal:
            if refusal.status != 422:
                raise
            part = wrong_part(refusal)
            at = {"channels": f"after-{kinds[0]}" if kinds else "most", "quiet": "quiet-from-0", "limit": "most"}[part]
            return await self._rules_page(visit, said=visit._(WRONG[part]), at=at, status=422)
        return visit.go("/duty/rules", said=visit._("Your rules are kept."))

    async def _entered(self, visit: Visit, kind: str, body: dict[str, str]) -> Response:
        try:
            made = await self._calls.enter(visit.token, kind, body, visit.form.key)
        except Refusal as refusal:
            return await self._refused(visit, kind, refusal)
        day = made.on or (made.start.astimezone(visit.zone).date() if made.start is not None else None)
        today = visit.now.astimezone(visit.zone).date()
        weeks = (day - today).days // DAYS if day is not None else 0
        first = f"?from={today + weeks * DAYS * DAY}" if weeks else ""
        done = visit._("The turn is swapped.") if kind == "swaps" else visit._("The leave is entered.")
        return visit.go(f"/duty{first}", said=" ".join([done, *gaps(visit, made)]))

    async def _refused(self, visit: Visit, kind: str, refusal: Refusal) -> Response:
        """The page with what was typed, where a field is wrong. Raises ``Refusal`` for anything else."""
        if refusal.status != 422:
            raise refusal
        pointers = [error.pointer for error in refusal.errors] or [""]
        found = WRONG_FIELDS[kind]
        at, said = next(((found[p]) for p in pointers if p in found), ("", N_("Something is not right yet")))
        return await self._wrong(visit, visit._(said), at or next(iter(found.values()))[0], 422)

    async def _wrong(self, visit: Visit, said: str, at: str, status: int) -> Response:
        given = {name: visit.form.get(name) for name in FIELDS}
        return await self._page(visit, said=said, at=at, status=status, given=given)

    async def _page(
        self,
        visit: Visit,
        *,
        said: str = "",
        at: str = "",
        status: int = 200,
        given: dict[str, str] | None = None,
        webcal: str = "",
    ) -> Response:
        token, me = visit.token, visit.me
        today = visit.now.astimezone(visit.zone).date()
        first = _day(visit.request.query_params.get("from", "")) or today
        own = await self.services.unit(token, me.unit)
        above_units = [one for one in reversed(own.path) if one != me.unit]
        (roster, now, above), (silences, tested, changes), (places, categories) = await asyncio.gather(
            asyncio.gather(
                self._calls.roster(token, me.unit, first),
                self._calls.roster(token, me.unit, today, 1),
                self._calls.above(token, above_units, today),
            ),
            asyncio.gather(self._calls.silences(token), self._calls.tested(token), self._calls.changes(token)),
            asyncio.gather(self._calls.places(token, me.unit), self.services.categories(token)),
        )
        told = await self.services.names(
            token,
            people=list(dict.fromkeys(people_named(changes[:SHOWN_CHANGES], silences))),
            units=list(dict.fromkeys([*own.path, me.unit, *(one.unit for one in silences)])),
        )
        by_language = visit.case_words.of
        named = [(one.code, by_language((one.name, one.name_en or one.name))) for one in categories.items]
        words = RotaWords(visit, [*above, now, roster], told.units)
        return visit.page(
            "duty.html",
            status,
            said=said,
            at=at,
            given=dict.fromkeys(FIELDS, "") | (given or {}),
            days=words.days(roster),
            first=first,
            today=today,
            before=first - DAYS * DAY,
            after=first + DAYS * DAY,
            may_change=roster.may_change,
            choices=words.choices(roster),
            on_now=[line for one in (now, *above) for line in words.on_now(one)],
            changes=[change_words(visit, one, told.people) for one in changes[:SHOWN_CHANGES]],
            silences=[mute_words(visit, one, told.people, told.units) for one in silences],
            endable={one.id for one in silences if roster.may_change and one.unit not in above_units},
            tested=tested_words(visit, tested),
            webcal=webcal,
            metres=[(str(one), visit._("%(n)s m around", n=one)) for one in METRES],
            places=places[:PLACES_MAX],
            categories=[("", visit._("All")), *named],
            until=evening(visit.now.astimezone(visit.zone)),
        )

    async def _rules_page(self, visit: Visit, *, said: str = "", at: str = "", status: int = 200) -> Response:
        kinds, rules = await asyncio.gather(self._kinds(visit), self._calls.rules(visit.token))
        quiet = [(one.from_, one.to) for one in rules.quiet]
        return visit.page(
            "duty_rules.html",
            status,
            said=said,
            at=at,
            channels=[(kind, visit._(CHANNELS[kind]), after, of) for kind, after, of in shown(rules, kinds)],
            after=[(code, visit._(label)) for code, label in AFTER],
            priorities=[(one, visit.case_words(f"priority.{one}")) for one in PRIORITIES],
            quiet=[*quiet, *[("", "")] * QUIETS][: max(QUIETS, len(quiet))],
            limit=rules.limit,
            per=[(code, visit._(label)) for code, label in PER],
        )

    async def _kinds(self, visit: Visit) -> tuple[str, ...]:
        """The kinds of channels over which the person is reached."""
        roster = await self._calls.roster(visit.token, visit.me.unit, days=1)
        found = next((one.channels for one in roster.people if one.id == visit.me.person), ())
        return tuple(kind for kind in found if kind in CHANNELS)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
