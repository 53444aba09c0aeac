"""What every page of the console says to the browser."""

from urllib.parse import urlsplit

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""No script and no style but our own files; ``data:`` for the QR code, which the server makes."""


def with_images_of(tiles: str) -> str:
    """The policy of a page with a map whose tiles another server has. ``tiles``: their address."""
    parts = urlsplit(tiles)
    return CONTENT_SECURITY_POLICY.replace("img-src 'self'", f"img-src 'self' {parts.scheme}://{parts.netloc}")


HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "vary": "cookie, accept-language, hx-request",
    "content-security-policy": CONTENT_SECURITY_POLICY,
}
"""``same-origin``: with ``no-referrer`` browsers send ``Origin: null``, by which a form is told to be ours."""
