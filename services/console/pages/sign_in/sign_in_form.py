"""The sign-in page, and a session by password."""

from starlette.responses import Response

from services.console.frame.problem_pages import is_ours
from services.console.frame.visit import OpenVisit
from services.console.pages.from_client import from_client
from services.console.router_client import Opened
from services.console.session_cookie import computer_of


async def sign_in_page(
    visit: OpenVisit,
    status: int = 200,
    given: dict[str, str] | None = None,
    *,
    said: str = "",
    at: str = "",
    back: str = "",
) -> Response:
    """``given``: what was typed; ``back``: where the person wanted to be."""
    offered, kept = await visit.site.offered(), back if is_ours(back) else ""
    development = visit.site.development is not None
    shown = visit.demonstrating(offered.demonstration)
    return shown.page(
        "signin.html",
        status,
        given=given or {},
        said=said,
        at=at,
        back=kept,
        development=development,
        sso=offered.sso,
    )


async def open_session(visit: OpenVisit, body: dict[str, str], *, alone: bool) -> Opened:
    """A session; the router hears from which computer, where somebody has signed in at it before.

    ``alone``: nobody else uses it. Raises ``Refusal``."""
    computer = computer_of(visit.request)
    asked = {**body, "shared": not alone, **({"computer": computer} if computer else {})}
    return await visit.services.sign_in(asked, from_client(visit.call))
