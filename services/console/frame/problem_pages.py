"""What people read where a service refuses, or does not answer: what it is, and what to do. What they typed is kept."""

from urllib.parse import urlencode

from starlette.responses import Response

from services.console.frame.forms import OTHER_SESSION
from services.console.frame.languages import N_
from services.console.frame.visit import OpenVisit
from services.console.session_cookie import computer_of
from shared.kernel.errors import Refusal

TITLES = {
    400: N_("This cannot be read"),
    401: N_("Your session has ended"),
    403: N_("Not allowed"),
    404: N_("Not here"),
    409: N_("Changed meanwhile"),
    410: N_("Over"),
    412: N_("Changed meanwhile"),
    413: N_("Too large"),
    422: N_("Something is not right yet"),
    429: N_("Too many at once"),
    500: N_("A fault of ours"),
    503: N_("Not reachable at the moment"),
}
TEXTS = {
    400: N_("What was sent is no form of ours. Go back and try once more."),
    401: N_("Sign in again in a new window, then come back here and send it again: what you entered is kept."),
    403: N_("Your post does not allow this. If it should, ask those who keep the list of people."),
    404: N_("There is nothing at this address, or it is not for your unit."),
    409: N_("Somebody was quicker, or it is in another state now. Look at it again before you do more."),
    410: N_("This has ended and cannot be opened any more."),
    412: N_("Somebody changed it after you opened it. Look at it again before you do more."),
    413: N_("What was sent is too large. Take a smaller photo or file."),
    422: N_("A field is missing or not as it should be. Go back and correct it."),
    429: N_("Wait a moment, then try again."),
    500: N_("It has been recorded. Try again in a moment."),
    503: N_("The service does not answer. Try again in a moment: what you entered is kept."),
}
ANOTHER_PERSON = N_("Another person has signed in at this browser since the form was opened. Send it in your name?")


def answer(visit: OpenVisit, refusal: Refusal) -> Response:
    """The page. Who is not signed in is led to the sign-in page and back, unless a form would be lost."""
    typed = visit.form.typed
    if refusal.status == 401 and not typed:
        return visit.go(sign_in(visit))
    partial = "hx-request" in visit.request.headers
    if refusal.kind == "second-factor" and not partial:
        return visit.page("confirm.html", 403, to=visit.here, again=typed, posts=visit.request.method == "POST")
    status = refusal.status if refusal.status in TITLES else (503 if refusal.status > 500 else 400)
    text = ANOTHER_PERSON if refusal.extra.get("reason") == OTHER_SESSION else TEXTS[status]
    response = visit.page(
        "problem.html",
        status,
        part="toast",
        title=visit._(TITLES[status]),
        text=visit._(text),
        again=typed,
        sign_in=sign_in(visit) if status == 401 else "",
    )
    if partial:
        response.headers.update({"hx-retarget": "#toasts", "hx-reswap": "beforeend"})
    if refusal.retry_after is not None:
        response.headers["retry-after"] = str(refusal.retry_after)
    return response


def sign_in(visit: OpenVisit) -> str:
    """The sign-in page's address, from which one comes back here; where a session was at a computer that is known, that
    of the page for PINs."""
    back = {} if visit.request.method == "POST" else {"back": visit.here}
    if visit.token and computer_of(visit.request):
        return f"/signin/pin?{urlencode({'idle': '', **back})}"
    ended = {"ended": ""} if visit.token else {}
    return f"/signin?{urlencode({**ended, **back})}" if ended or back else "/signin"


def is_ours(back: str) -> bool:
    """Whether an address to come back to is one of this site: a path, and nothing that browsers read as a host."""
    return back.startswith("/") and not back.startswith("//") and back.isprintable() and "\\" not in back
