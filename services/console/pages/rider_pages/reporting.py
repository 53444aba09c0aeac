"""``/r``: a rider reports in four steps: photo, place, kind, send.

It is one document with one form, which works without script; scripts show it as four screens with an address each, and
keep a draft. Whoever sends is the app's reporter, or this browser (``rider_session``).
"""

import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from starlette.responses import JSONResponse, Response

from services.console.frame.languages import N_, NN_
from services.console.frame.visit import OpenVisit
from services.console.pages.rider_pages.questions import Question, answers_of, field_of, questions_of, shown
from services.console.pages.rider_pages.session import RiderPage, no_device, why
from services.console.rider_client import City, Elsewhere, RiderCategories, RiderCategory, Sent
from services.console.rider_cookie import rider_of
from shared.kernel.errors import FieldError, Refusal, invalid, not_found
from shared.kernel.pictures import PICTURE_BYTES_MAX
from shared.runtime.http_server.route import Call, Route, get

STEPS = ("/r", "/r/place", "/r/kind", "/r/send")
PHOTOS = ("photo_1", "photo_2", "photo_3")
BODY_MAX = PICTURE_BYTES_MAX + 256 * 1024
PLACE_MAX = 200
KINDS = (
    ("hazard", N_("Hazard")),
    ("need", N_("I need help")),
    ("opinion", N_("What people say")),
    ("clue", N_("A clue")),
)
WRONG = {
    "photo": N_("Tick that the photo may be used, or send without it."),
    "address": N_("Say where it is: by the position of this phone, or in words."),
    "category": N_("Choose what it is, or say it in a few words."),
    "words": N_("These words cannot be sent: they are too long, or have control characters."),
}
SPANS = {
    "Y": NN_("%(count)s year", "%(count)s years"),
    "M": NN_("%(count)s month", "%(count)s months"),
    "D": NN_("%(count)s day", "%(count)s days"),
}
ANSWER = N_("This answer does not fit the question.")
_NUMBER = re.compile(r"(?<![0-9])[0-9]{3,5}(?![0-9])")
_POINT = re.compile(r"(-?[0-9]{1,3}(?:\.[0-9]{1,8})?),(-?[0-9]{1,2}(?:\.[0-9]{1,8})?)")
NUMBERS_MAX = 3
OF_THE_COUNTRY = ["119", "120", "110"]
"""Fire, ambulance, police: where the city's pack names no number."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A category as the page shows it. ``calls``: numbers in ``emergency``, or in ``elsewhere``: where to go with what
    is not dealt with here."""

    code: str
    name: str
    emergency: str
    advice: str
    calls: list[str]
    elsewhere: str
    questions: list[Question]


class RiderReporting(RiderPage):
    """The page."""

    def routes(self) -> list[Route]:
        return [
            *(self.open_get(step, self.show, "Report something") for step in STEPS),
            self.open_post("/r", self.send, "Send a report", most=BODY_MAX),
            self.open_post("/r/photos", self.send_photo, "Send a photo of a report", most=BODY_MAX),
            self.open_get("/r/elsewhere/{id}", self.elsewhere, "Where to go with what is not dealt with here"),
            get("/r/worker.js", self.worker, "What opens the page offline", media=("text/javascript",)),
        ]

    async def show(self, visit: OpenVisit) -> Response:
        query = visit.request.query_params
        given = {"address": query.get("place", "")[:PLACE_MAX]}
        if (point := point_of(query.get("at", ""))) is not None:
            found = "map" if query.get("found") == "map" else "printed"
            given |= {"lon": point[0], "lat": point[1], "crs": "wgs84", "found": found}
        return await self.shown(visit, lambda token: self._form(visit, token, given))

    async def _form(
        self,
        visit: OpenVisit,
        token: str,
        given: dict[str, str],
        status: int = 200,
        *,
        said: str = "",
        at: str = "",
        key: str = "",
    ) -> Response:
        """``key``: of a report that may have arrived; without one it is another report."""
        asks = token or await self.riders.key()
        if not asks:
            raise no_device()
        told = await self.riders.categories(asks)
        questions = shown({one.code: _questions(visit, one) for one in told.items}, given.get("category", ""))
        kinds = [_kind(visit, one, told.elsewhere, questions[one.code]) for one in told.items]
        values: dict[str, Any] = {
            "given": given,
            "kinds": kinds,
            "calls": _calls(told),
            "ways": [(code, visit._(name)) for code, name in KINDS],
            "photos": PHOTOS,
            "city": visit.case_words.of((told.city.name, told.city.name_en or told.city.name)),
            "unit": visit.case_words.of((told.city.unit, told.city.unit_en or told.city.unit)),
            "contact": told.city.contact,
            "kept": _kept(visit, told.city),
            "key": key or self.site.ids(16),
        }
        return visit.demonstrating(told.notice is not None).page("rider.html", status, said=said, at=at, **values)

    async def send(self, visit: OpenVisit) -> Response:
        """For a script JSON, else the report's page; what was typed and which photos came stay where it fails."""
        ids, asked = {name: visit.form.get(f"{name}_id") for name in PHOTOS}, dict[str, Kind]()

        async def act(token: str) -> Response:
            for name in PHOTOS:
                content = visit.form.files.get(name)
                if content is not None and visit.form.get("may_photo"):
                    key = f"{visit.form.key}-{hashlib.sha256(content).hexdigest()}"
                    ids[name] = await self.riders.send_photo(token, content, key)
            asked.update(await self._asked(visit, token))
            body = self._body(visit, asked, [one for one in ids.values() if one])
            return _sent(visit, await self.riders.send(token, body, visit.form.key))

        try:
            return await self.as_rider(visit, act, begins=True)
        except Refusal as refusal:
            at = _at(refusal, asked.get(visit.form.get("category")))
            if _wants_json(visit):
                return _refused(visit, refusal, at)
            return await self._again(visit, refusal, ids, at)

    async def _asked(self, visit: OpenVisit, token: str) -> dict[str, Kind]:
        """The category that was chosen, by its code."""
        chosen = visit.form.get("category")
        if not chosen:
            return {}
        told = await self.riders.categories(token)
        kinds = (_kind(visit, one, told.elsewhere, _questions(visit, one)) for one in told.items if one.code == chosen)
        return {kind.code: kind for kind in kinds}

    async def _again(self, visit: OpenVisit, refusal: Refusal, ids: dict[str, str], at: str) -> Response:
        given = {name: values[0] for name, values in visit.form.typed.items() if values}
        given |= {f"{name}_id": id_ for name, id_ in ids.items()}
        said = visit._(WRONG.get(at, ANSWER)) if at else why(visit, refusal)[1]
        key = visit.form.key if refusal.status != 422 else ""
        try:
            token = rider_of(visit.request).token if refusal.status != 401 else ""
            return await self._form(visit, token, given, refusal.status, said=said, at=at, key=key)
        except Refusal as other:
            return self.said(visit, other)

    def _body(self, visit: OpenVisit, asked: dict[str, Kind], photos: list[str]) -> dict[str, Any]:
        """The report. Raises ``Refusal`` 422 where the page knows already that something is missing."""
        form = visit.form
        words, category = form.get("words"), form.get("category")
        if (photos or form.files) and not form.get("may_photo"):
            raise invalid(FieldError("/photos", "may not be used"))
        if not words and not category:
            raise invalid(FieldError("/category", "is missing"))
        if not words:
            words = asked[category].name if category in asked else category
        where = _where(visit)
        kind = form.get("kind") if form.get("kind") in dict(KINDS) else "hazard"
        if not where and kind == "hazard":
            raise invalid(FieldError("/location", "is missing"))
        body: dict[str, Any] = {"kind": kind, "description": words, "location": where, "photos": photos}
        if category:
            body["category"] = category
        if category in asked and (answers := answers_of(form, asked[category].questions)):
            body["answers"] = answers
        if form.get("observed"):
            body["observed_at"] = form.get("observed")
        if form.get("about_us"):
            body["about_us"] = True
        if form.get("confidential"):
            body["reporter"] = {"ref": "self", "confidential": True}
        return body

    async def elsewhere(self, visit: OpenVisit) -> Response:
        """Where to go, in the city's words."""

        async def act(token: str) -> Response:
            asks = token or await self.riders.key()
            if not asks:
                raise no_device()
            told = await self.riders.categories(asks)
            found = next((one for one in told.elsewhere if one.id == visit.path["id"]), None)
            if found is None:
                raise not_found("office")
            text = visit.case_words.of((found.text, found.text_en or found.text))
            return visit.page("rider_elsewhere.html", name=found.name, text=text, calls=numbers_in(text))

        return await self.shown(visit, act)

    async def send_photo(self, visit: OpenVisit) -> Response:
        """One photo of a draft, under its own key; JSON."""

        async def act(token: str) -> Response:
            content = visit.form.files.get("photo")
            if content is None or not visit.form.key or not visit.form.get("may_photo"):
                raise invalid(FieldError("/photo", "is missing, or may not be used"))
            return JSONResponse({"id": await self.riders.send_photo(token, content, visit.form.key)}, 201)

        try:
            return await self.as_rider(visit, act, begins=True)
        except Refusal as refusal:
            return _refused(visit, refusal, _at(refusal, None))

    async def worker(self, call: Call) -> Response:
        return self.site.built.worker("rider_worker.js", "/r")


def _sent(visit: OpenVisit, sent: Sent) -> Response:
    where = f"/r/reports/{sent.id}?sent=1"
    if sent.elsewhere is not None:
        other = quote(sent.elsewhere.id, safe="")
        where = f"/r/elsewhere/{other}" if sent.status == "elsewhere" else f"{where}&to={other}"
    if _wants_json(visit):
        return JSONResponse({"id": sent.id, "url": where}, 201, {"cache-control": "no-store"})
    return visit.go(where)


def _refused(visit: OpenVisit, refusal: Refusal, at: str) -> Response:
    title, said = why(visit, refusal)
    said = visit._(WRONG.get(at, ANSWER)) if at else said
    headers = {"cache-control": "no-store"}
    if refusal.retry_after is not None:
        headers["retry-after"] = str(refusal.retry_after)
    return JSONResponse({"title": title, "said": said, "at": at}, refusal.status, headers)


def _wants_json(visit: OpenVisit) -> bool:
    return visit.request.headers.get("accept") == "application/json"


def _at(refusal: Refusal, chosen: Kind | None) -> str:
    """The field of the page that a refused one of the report is."""
    of = {"photo": "photo", "locat": "address", "categ": "category", "descr": "words"}
    for error in refusal.errors:
        if chosen is not None and error.pointer.startswith("/answers/"):
            return field_of(chosen.questions, error.pointer)
    return next((of[error.pointer[1:6]] for error in refusal.errors if error.pointer[1:6] in of), "")


def _where(visit: OpenVisit) -> dict[str, Any]:
    """A point of this phone only where that may be used; a printed one, or one under the cross-hair, is nobody's."""
    form = visit.form
    where: dict[str, Any] = {}
    point = point_of(f"{form.get('lon')},{form.get('lat')}")
    crs = form.get("crs")
    if point is not None and crs and (form.get("may_place") or form.get("found") in ("printed", "map")):
        where = {"lon": float(point[0]), "lat": float(point[1]), "crs": crs}
    if form.get("address"):
        where["address"] = form.get("address")
    return where


def point_of(text: str) -> tuple[str, str] | None:
    """Longitude and latitude of ``120.2485,33.7623``."""
    found = _POINT.fullmatch(text)
    return (found[1], found[2]) if found is not None else None


def _questions(visit: OpenVisit, one: RiderCategory) -> list[Question]:
    return questions_of(one, (visit._("Yes"), visit._("No")))


def numbers_in(text: str) -> list[str]:
    """The short numbers to call that a text names."""
    return list(dict.fromkeys(_NUMBER.findall(text)))[:NUMBERS_MAX]


def _kind(visit: OpenVisit, one: RiderCategory, elsewhere: list[Elsewhere], questions: list[Question]) -> Kind:
    of = visit.case_words.of
    emergency = of((one.emergency, one.emergency_en or one.emergency))
    advice = of((one.advice, one.advice_en or one.advice))
    name = of((one.name, one.name_en or one.name))
    office = next((other for other in elsewhere if other.id == one.elsewhere), None)
    where = of((office.text, office.text_en or office.text)) if office is not None else ""
    return Kind(one.code, name, emergency, advice, numbers_in(emergency or where), where, questions)


def _calls(told: RiderCategories) -> list[str]:
    """The numbers that the city's emergencies name most often; the country's where they name none."""
    counted = Counter(number for one in told.items for number in dict.fromkeys(_NUMBER.findall(one.emergency)))
    return [number for number, _ in counted.most_common(NUMBERS_MAX)] or OF_THE_COUNTRY


def _kept(visit: OpenVisit, city: City) -> list[tuple[str, str]]:
    """What is kept how long, in words."""
    names = (("reports", N_("What you report")), ("photos", N_("Photos")), ("personal", N_("Who you are")))
    kept = [(visit._(name), _span(visit, city.retention.get(what, ""))) for what, name in names]
    return [(name, span) for name, span in kept if span]


def _span(visit: OpenVisit, text: str) -> str:
    found = re.fullmatch(r"P([0-9]+)([YMD])", text)
    if found is None:
        return ""
    return visit.counted(SPANS[found[2]], int(found[1]))
