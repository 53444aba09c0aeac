"""A page: its routes, its links in the frame, and what is answered where something is refused."""

from collections.abc import Awaitable, Callable
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import Response

from services.console.frame import forms, problem_pages
from services.console.frame.forms import OTHER_SESSION
from services.console.frame.navigation import NavLink
from services.console.frame.site import Site
from services.console.frame.visit import OpenVisit, Visit
from services.console.session_cookie import is_own_form
from shared.kernel.errors import Refusal, unauthorized
from shared.runtime.http_server.route import Call, Handler, Route, get, post
from shared.runtime.identity.directory import Principal

HTML = ("text/html",)
_READ = dict.fromkeys((200, 303, 403, 404, 422, 429, 503))
_PRESSED = dict.fromkeys((200, 303, 400, 401, 403, 404, 409, 410, 412, 413, 415, 422, 429, 503))


class Page:
    """A subject of the console: one module, one line in ``page_list.py``. See docs/how-to/add-a-page.md."""

    links: ClassVar[tuple[NavLink, ...]] = ()

    def __init__(self, site: Site) -> None:
        self.site = site
        self.services = site.services

    def routes(self) -> list[Route]:
        raise NotImplementedError

    def get(
        self, path: str, show: Callable[[Visit], Awaitable[Response]], summary: str, media: tuple[str, ...] = HTML
    ) -> Route:
        """A page for who is signed in; anybody else is led to the sign-in page and back."""
        return get(path, self._for_get(show), summary, media=media, answers=_READ, refusal_page=self.refused)

    def post(
        self,
        path: str,
        press: Callable[[Visit], Awaitable[Response]],
        summary: str,
        *,
        most: int = forms.FORM_MAX,
    ) -> Route:
        """A form of who is signed in: ``visit.form``. What the page does not catch itself is said, and kept to be sent
        again. ``most``: bytes, more than ``FORM_MAX`` where it sends files."""
        return post(
            path,
            self._for_post(press),
            summary,
            raw_max=most,
            reads_body=is_own_form,
            media=forms.TYPES,
            answer_media=HTML,
            answers=_PRESSED,
            refusal_page=self.refused,
        )

    def open_get(self, path: str, show: Callable[[OpenVisit], Awaitable[Response]], summary: str) -> Route:
        """A page for anybody."""

        async def handler(call: Call) -> Response:
            return await show(OpenVisit(self.site, call))

        return get(
            path, handler, summary, media=HTML, answers={**_READ, 409: None, 410: None}, refusal_page=self.refused
        )

    def open_post(
        self,
        path: str,
        press: Callable[[OpenVisit], Awaitable[Response]],
        summary: str,
        *,
        most: int = forms.FORM_MAX,
    ) -> Route:
        """A form for anybody; the page answers for what is refused. ``most``: as of ``post``."""

        async def handler(call: Call) -> Response:
            return await press(OpenVisit(self.site, call, await forms.read(call)))

        return post(
            path,
            handler,
            summary,
            raw_max=most,
            reads_body=is_own_form,
            media=forms.TYPES,
            answer_media=HTML,
            answers=_PRESSED,
            refusal_page=self.refused,
        )

    def refused(self, request: Request, refusal: Refusal) -> Response:
        """What people read where no page could be made."""
        call = Call(request, Principal(kind="anybody", city=""), {}, "", "", b"")
        return problem_pages.answer(OpenVisit(self.site, call), refusal)

    def _for_get(self, show: Callable[[Visit], Awaitable[Response]]) -> Handler:
        async def handler(call: Call) -> Response:
            visit = OpenVisit(self.site, call)
            try:
                if not visit.token:
                    raise unauthorized()
                visit = known = await Visit.of(self.site, call, visit.form)
                return await show(known)
            except Refusal as refusal:
                return problem_pages.answer(visit, refusal)

        return handler

    def _for_post(self, press: Callable[[Visit], Awaitable[Response]]) -> Handler:
        async def handler(call: Call) -> Response:
            visit = OpenVisit(self.site, call)
            try:
                form = await forms.read(call)
                visit = OpenVisit(self.site, call, form)
                if not visit.token:
                    raise unauthorized()
                visit = known = await Visit.of(self.site, call, form)
                if not forms.is_of_session(form, known.token):
                    raise Refusal(
                        403, "forbidden", "The form was shown to another session.", extra={"reason": OTHER_SESSION}
                    )
                return await press(known)
            except Refusal as refusal:
                return problem_pages.answer(visit, refusal)

        return handler
