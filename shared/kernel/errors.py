"""Refused requests as exceptions: what is wrong, where, and what to do. The HTTP edge answers RFC 9457 problems."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field: an RFC 6901 JSON pointer into the body (or ``?name`` for a query parameter) and why."""

    pointer: str
    detail: str


@dataclass(slots=True)
class Refusal(Exception):
    """A request that is refused.

    ``status``: of HTTP. ``kind``: the last segment of the problem's ``type``, stable for clients. ``detail``: words for
    a person. ``errors``: the wrong fields. ``retry_after``: seconds. ``extra``: further members of the problem.
    """

    status: int
    kind: str
    detail: str
    errors: tuple[FieldError, ...] = ()
    retry_after: int | None = None
    extra: dict[str, object] = field(default_factory=dict)
    replayed: bool = False
    """Whether this repeats the stored answer to an idempotency key."""

    def __str__(self) -> str:
        return f"{self.status} {self.kind}: {self.detail}"


def bad_request(kind: str, detail: str) -> Refusal:
    return Refusal(400, kind, detail)


def unauthorized() -> Refusal:
    return Refusal(401, "unauthorized", "Send a valid key or token as Authorization: Bearer.")


def forbidden(detail: str, **extra: object) -> Refusal:
    return Refusal(403, "forbidden", detail, extra=extra)


def not_found(what: str) -> Refusal:
    return Refusal(404, "not-found", f"No {what} here that this key or token may see.")


def conflict(kind: str, detail: str, **extra: object) -> Refusal:
    return Refusal(409, kind, detail, extra=extra)


def invalid(*errors: FieldError) -> Refusal:
    return Refusal(422, "invalid", "Some fields are wrong; each is named.", errors=errors)


def key_reused() -> Refusal:
    return Refusal(
        422,
        "idempotency-key-reused",
        "This Idempotency-Key came before with another body. Send a new key for a new request.",
    )


def too_many(detail: str, retry_after: int) -> Refusal:
    return Refusal(429, "too-many", detail, retry_after=retry_after)


def unavailable(detail: str, retry_after: int = 2) -> Refusal:
    return Refusal(503, "unavailable", detail, retry_after=retry_after)


def second_factor() -> Refusal:
    """The act asks for a one-time code that is not older than ten minutes."""
    return Refusal(
        403,
        "second-factor",
        "Send the six digits of your authenticator to POST /v1/sessions:confirm, then repeat this request.",
    )
