"""``/feedback``: 意见建议. Every page leads here and says which one it was."""

from importlib.metadata import version

from starlette.responses import Response

from services.console.frame.page import Page
from services.console.frame.problem_pages import is_ours
from services.console.frame.visit import OpenVisit
from shared.runtime.http_server.route import Route

OF_MAX = 200


class Feedback(Page):
    """Says to whom, and what to say with it. Nothing is kept here."""

    def routes(self) -> list[Route]:
        return [self.open_get("/feedback", self.show, "Feedback")]

    async def show(self, visit: OpenVisit) -> Response:
        of = visit.request.query_params.get("of", "/")[:OF_MAX]
        return visit.page("feedback.html", of=of if is_ours(of) else "/", version=version("whistle"))
