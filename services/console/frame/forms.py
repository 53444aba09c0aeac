"""Forms of pages: that they are ours, what is in them, and the key by which a repeat is the same press."""

import hmac
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from services.console.session_cookie import is_own_form
from shared.kernel.errors import Refusal
from shared.runtime.http_server.multipart_form import MULTIPART, form_of
from shared.runtime.http_server.route import Call

FORM_MAX = 16 * 1024
FIELDS_MAX = 160
"""A page of a queue has a hundred rows to tick."""
CSRF, KEY = "csrf", "key"
"""The hidden fields of every form: ``hidden()`` of ``form_parts.html`` writes them."""
OTHER_SESSION = "other-session"
"""The reason of a refusal: somebody else has signed in at this browser since the form was shown."""
SECRETS = frozenset((CSRF, "password", "again", "pin", "totp"))
TYPES = ("application/x-www-form-urlencoded", MULTIPART)


@dataclass(frozen=True, slots=True)
class Form:
    """What came. ``key``: the form's own Idempotency-Key, born when it was shown. ``files``: field → bytes, the first;
    ``file_lists``: all of them."""

    fields: dict[str, str] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    file_lists: dict[str, list[bytes]] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return self.fields.get(KEY, "")

    def get(self, name: str) -> str:
        """The field without spaces around; empty where there is none."""
        return self.fields.get(name, "").strip()

    def all(self, name: str) -> list[str]:
        """Every value of a field that stands several times, as ticks do."""
        return self.lists.get(name, [])

    @property
    def typed(self) -> dict[str, list[str]]:
        """What may be shown again: all but secrets."""
        return {name: values for name, values in self.lists.items() if name not in SECRETS}


def csrf_token(session: str) -> str:
    """What only a page shown to this session knows: the session's token itself is out of reach of pages."""
    return hmac.digest(session.encode(), b"form", "sha256").hex() if session else ""


async def read(call: Call) -> Form:
    """Raises ``Refusal``: 403 for a form that no page of ours sent, 400 for what is no form."""
    if not is_own_form(call.request):
        raise Refusal(403, "forbidden", "The form is of another site.")
    content_type = call.request.headers.get("content-type", "")
    if not content_type.startswith(MULTIPART):
        return _urlencoded(call.raw)
    sent = await form_of(call.raw, content_type, FIELDS_MAX)
    return Form(sent.fields, sent.lists, sent.files, sent.file_lists)


def is_of_session(form: Form, session: str) -> bool:
    """Whether the form was shown to this session, and not to the person before at the same browser."""
    return hmac.compare_digest(form.fields.get(CSRF, "").encode(), csrf_token(session).encode())


def _urlencoded(raw: bytes) -> Form:
    try:
        lists = parse_qs(raw.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except ValueError:
        return Form()
    return Form({name: values[0] for name, values in lists.items()}, lists)
