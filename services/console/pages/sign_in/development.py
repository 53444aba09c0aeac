"""``/signin/development``: on a stack for development one signs in as anybody of the packs, without a password."""

from itertools import groupby

from starlette.responses import Response

from services.console.frame.page import Page
from services.console.frame.visit import OpenVisit
from services.console.pages.from_client import from_client
from services.console.pages.sign_in.entering import entered, home
from services.console.sign_in_client import DevelopmentCalls
from shared.kernel.errors import not_found
from shared.runtime.http_server.route import Route


class DevelopmentSignIn(Page):
    """Not there unless the installation allows development tokens; the router refuses it there once more."""

    def routes(self) -> list[Route]:
        return [
            self.open_get("/signin/development", self.show, "Development: whom to be"),
            self.open_post("/signin/development", self.sign_in, "Development: sign in as anybody"),
        ]

    @property
    def _calls(self) -> DevelopmentCalls:
        if self.site.development is None:
            raise not_found("page")
        return self.site.development

    async def show(self, visit: OpenVisit) -> Response:
        calls = self._calls
        people = await calls.people()
        groups = [
            (f"{unit} · {city}", [(f"{one.city}/{one.person}", _words(visit, one.name, one.role)) for one in of])
            for (city, unit), of in groupby(people, key=lambda one: (one.city, one.unit_name))
        ]
        return visit.page("signin_development.html", groups=groups, said="")

    async def sign_in(self, visit: OpenVisit) -> Response:
        calls = self._calls
        city, _, person = visit.form.get("who").partition("/")
        opened = await calls.sign_in(city, person, from_client(visit.call))
        return await entered(visit, opened, home(visit, visit.form.get("back")))


def _words(visit: OpenVisit, name: str, role: str) -> str:
    return f"{name} · {visit.case_words.role(role)}"
