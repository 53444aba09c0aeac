"""``/a/{token}``: what a case needs from the person whose link it is, and the press that does it.

GET changes nothing, because message apps fetch previews; only POST does. What is shown and offered follows from what
the router answers for this person now, never from what the alert said. A page says no word of a case to somebody who
left the pack or may not see it any more.
"""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from services.notifier.alerts.alert_store import AlertStore
from services.notifier.documents.alert import SAYS_NOTHING, Alert
from services.notifier.http.alert_views import command_of
from services.notifier.http.opened_links import ClosedLink, LinkOpener, OpenedLink
from services.notifier.http.pack_names import PackNames
from services.notifier.http.photo_client import PhotoClient
from services.notifier.http.router_client import RouterClient
from shared.case_page.case_answer import CaseSeen
from shared.case_page.look import Look
from shared.case_page.next_steps import WORK, Reader, Step, is_above
from shared.case_page.press import FIELDS_MAX, FORM_MAX, Press, body_of, key_of, photo_key_of, press_of
from shared.case_page.refusals import why
from shared.case_page.rendering import case_page, message_page
from shared.case_page.view import case_view
from shared.case_page.words import Words
from shared.kernel.clock import Clock
from shared.kernel.errors import Refusal
from shared.kernel.pictures import PICTURE_BYTES_MAX
from shared.runtime.http_server.multipart_form import MULTIPART, form_of
from shared.runtime.http_server.route import Call, Route, get, post
from shared.runtime.pack_library import PackLibrary
from shared.runtime.settings import Settings

HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
}
SHOWN = {200: None, 404: None, 410: None, 503: None}
PRESSED = {**SHOWN, **dict.fromkeys((400, 403, 409, 412, 413, 415, 422, 429))}
EMPTY = "0"
"""The version in the key of a press that names no step, as a program makes it: such a press is one for ever."""


class LinkPages:
    """Serves the pages. ``sign_in``: the address of the sign-in page; empty where there is none."""

    def __init__(
        self,
        opener: LinkOpener,
        sign_in: str,
        alerts: AlertStore,
        router: RouterClient,
        photos: PhotoClient,
        packs: PackLibrary,
        clock: Clock,
    ) -> None:
        self._opener = opener
        self._sign_in = sign_in
        self._alerts = alerts
        self._router = router
        self._photos = photos
        self._packs = packs
        self._clock = clock

    def routes(self) -> list[Route]:
        html = ("text/html",)
        return [
            get(
                "/a/{token}",
                self.show,
                "A one-press link",
                media=html,
                answers=SHOWN,
                refusal_page=self._refusal_page,
            ),
            post(
                "/a/{token}",
                self.press,
                "Press it",
                raw_max=PICTURE_BYTES_MAX + FORM_MAX,
                reads_body=self._is_read,
                media=("application/x-www-form-urlencoded", MULTIPART),
                answer_media=html,
                answers=PRESSED,
                refusal_page=self._refusal_page,
            ),
            get(
                "/a/{token}/photos/{id}",
                self.photo,
                "A photo of the link's case, small",
                media=("image/jpeg",),
                answers=SHOWN,
            ),
        ]

    async def show(self, call: Call) -> Response:
        link = await self._opener.open(call.path["token"])
        if isinstance(link, ClosedLink):
            return self._closed(link)
        return await self._looked_at(link)

    async def press(self, call: Call) -> Response:
        content_type = call.request.headers.get("content-type", "") if call.raw else ""
        link = await self._opener.open(call.path["token"])
        try:
            form = await form_of(call.raw, content_type, FIELDS_MAX)
        except Refusal as refusal:
            if isinstance(link, ClosedLink) or link.seen is None:
                return self._closed(link) if isinstance(link, ClosedLink) else await self._looked_at(link)
            return await self._refused(link, link.seen, refusal, None)
        if isinstance(link, ClosedLink):
            return self._closed(link, pressed=form.fields)
        press = press_of(form.fields, form.files)
        if press is None and "do" not in form.fields:
            press = _one_press(link.alert)
        if press is None or (link.seen is None and not link.gone):
            return await self._looked_at(link)
        return await self._pressed(link, press)

    async def photo(self, call: Call) -> Response:
        link = await self._opener.open(call.path["token"])
        id_ = call.path["id"]
        if isinstance(link, ClosedLink):
            return _no_photo({"foreign": 404, "away": 503}.get(link.why, 410))
        if link.gone:
            return _no_photo(410)
        if link.seen is None or id_ not in link.seen.case.pictures:
            return _no_photo(404)
        try:
            picture = await self._photos.thumb(link.alert, id_)
        except Refusal as away:
            return _no_photo(away.status)
        if picture is None:
            return _no_photo(404)
        return Response(picture, media_type="image/jpeg", headers=HEADERS)

    def _refusal_page(self, request: Request, refusal: Refusal) -> Response:
        """Of what is refused before a handler knows the case: a body that is too large, a store that is away."""
        words = self._opener.words_for(request.path_params["token"])
        return _html(message_page(words, title=words("title"), text=why(words, refusal)), refusal.status)

    def _is_read(self, request: Request) -> bool:
        return self._opener.is_alive(request.path_params["token"])

    async def _looked_at(self, link: OpenedLink) -> Response:
        if link.gone:
            return self._ended(link.words, "unseen")
        if link.seen is None:
            return _html(message_page(link.words, title=link.alert.title, text=link.alert.text))
        return await self._shown(link, link.seen)

    async def _pressed(self, link: OpenedLink, press: Press) -> Response:
        """A case that its reader sees no more is tried too: the press may have been carried out before."""
        seen = link.seen
        if seen is not None and press.step.name in WORK and is_above(seen.case, self._reader(link)):
            return await self._refused(link, seen, Refusal(403, "supervised", ""), press)
        try:
            after = await self._carry_out(link.alert, press)
        except Refusal as refusal:
            return await self._refused(link, seen, refusal, press)
        said = link.words(f"done.{press.step.name}")
        now = after or await self._again(link)
        if now is None:
            return _html(message_page(link.words, title=link.words("title"), text=said))
        return await self._shown(link, now, said=said)

    async def _carry_out(self, alert: Alert, press: Press) -> CaseSeen | None:
        """Raises ``Refusal``."""
        source, empty = f"link-{alert.id}", press.version == EMPTY
        zone = ZoneInfo(self._packs.current(alert.city).city.timezone)
        body = body_of(press, zone, await self._sent(alert, press, photo_key_of(source, press)))
        return await self._router.command(
            alert,
            press.step.command,
            key=source if empty else key_of(source, press, body),
            person=alert.recipient,
            body=body,
            if_match=press.version if press.step.judges and not empty else None,
        )

    async def _sent(self, alert: Alert, press: Press, key: str) -> tuple[str, ...]:
        """The id of the photo that came with the press, if any. Raises ``Refusal``."""
        return () if press.photo is None else (await self._photos.send(alert, press.photo, key=key),)

    async def _again(self, link: OpenedLink) -> CaseSeen | None:
        """The case as it is after a press; None where it cannot be read now."""
        try:
            return await self._router.case(link.alert, link.alert.recipient)
        except Refusal:
            return None

    async def _refused(
        self, link: OpenedLink, seen: CaseSeen | None, refusal: Refusal, press: Press | None
    ) -> Response:
        """The reason in words, and the case as it is now with what is open now."""
        if refusal.extra.get("reason") == "nobody_of_the_city":
            return self._ended(link.words, "removed")
        if refusal.status == 404 and refusal.kind == "not-found":
            return self._ended(link.words, "unseen")
        current = await self._again(link) or seen
        if current is None:
            return self._closed(ClosedLink("away", link.words), pressed={})
        case, words = current.case, link.words
        names = PackNames(self._packs.current(link.alert.city), words)
        said = why(
            words,
            refusal,
            unit=names.unit(case.unit),
            state=words(f"state.{case.state}"),
            holder=names.person(case.claimed_by),
            offered=names.unit(case.offered_to) if case.offered_to is not None else "",
        )
        status = refusal.status if refusal.status in PRESSED else 503
        return await self._shown(link, current, said=said, failed=True, tried=press, status=status)

    async def _shown(
        self,
        link: OpenedLink,
        seen: CaseSeen,
        *,
        said: str | None = None,
        failed: bool = False,
        tried: Press | None = None,
        status: int = 200,
    ) -> HTMLResponse:
        pack = self._packs.current(link.alert.city)
        names = PackNames(pack, link.words)
        category = pack.categories.get(seen.case.category or "")
        look = Look(
            seen=seen,
            reader=self._reader(link),
            names=names,
            words=link.words,
            now=self._clock.now(),
            zone=ZoneInfo(pack.city.timezone),
            photo_url=lambda id_: f"/a/{link.token}/photos/{id_}",
            after_photo=category.after_photo if category is not None else "asked",
            told=await self._told(link, names),
        )
        return _html(case_page(case_view(look, said=said, failed=failed, tried=tried)), status)

    async def _told(self, link: OpenedLink, names: PackNames) -> tuple[str, ...]:
        """Who else was told of the case, by name and post."""
        alerts = await self._alerts.of_case(link.alert.case)
        others = (a.recipient for a in alerts if a.city == link.alert.city and a.kind not in SAYS_NOTHING)
        people = dict.fromkeys(person for person in others if person != link.alert.recipient)
        return tuple(name for person in people if (name := names.on_post(person)) is not None)

    def _reader(self, link: OpenedLink) -> Reader:
        """Also of the owner, where he was told in its place because nobody is on its post."""
        units = self._packs.current(link.alert.city).units
        own = frozenset(link.who.units)
        lineage = {above for unit in own if unit in units for above in units[unit].path}
        instead = link.seen is not None and link.alert.unit == link.seen.case.unit
        return Reader(link.alert.recipient, own | {link.alert.unit} if instead else own, own | lineage)

    def _ended(self, words: Words, how: str) -> HTMLResponse:
        """A page without a word of the case: its reader may have left the office."""
        sign_in = self._sign_in if how != "removed" else ""
        return _html(message_page(words, title=words("title"), text=words(f"link.{how}"), sign_in=sign_in), 410)

    def _closed(self, link: ClosedLink, *, pressed: Mapping[str, str] | None = None) -> HTMLResponse:
        """``pressed``: the fields of a form, which may be sent again once the router is there; None: only a look."""
        words = link.words
        match link.why:
            case "foreign":
                return _html(message_page(words, title="链接无效 · Not a link of ours"), 404)
            case "away":
                text = words("link.later" if pressed is None else "link.not_recorded")
                return _html(message_page(words, title=words("title"), text=text, again=pressed), 503)
            case how:
                return self._ended(words, how)


def sign_in_address(settings: Settings) -> str:
    """Where an expired link leads: the public address, else the console's where it is set; empty where neither is."""
    named = settings.public_url or (settings.console_url if "console_url" in settings.model_fields_set else "")
    return f"{named.rstrip('/')}/signin" if named else ""


def _one_press(alert: Alert) -> Press | None:
    """What a press does that names no step: report in where the reader's unit is called in, else claim."""
    match command_of(alert):
        case None:
            return None
        case "report_in":
            return Press(Step("report_in", alert.part), EMPTY)
        case _:
            return Press(Step("claim"), EMPTY)


def _html(page: str, status: int = 200) -> HTMLResponse:
    return HTMLResponse(page, status, HEADERS)


def _no_photo(status: int) -> Response:
    return Response(status_code=status, media_type="image/jpeg", headers=HEADERS)
