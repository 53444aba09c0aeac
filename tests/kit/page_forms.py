"""A form of a page as a browser sends it back, with the hidden field that says whose session it was shown to."""

import httpx

from services.console.frame.forms import CSRF, csrf_token


def filled(browser: httpx.Client, **fields: str) -> dict[str, str]:
    """The fields of a form that was shown to ``browser``."""
    return {**fields, CSRF: csrf_token(browser.cookies.get("whistle") or "")}
