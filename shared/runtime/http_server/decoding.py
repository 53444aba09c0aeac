"""Decodes request bodies and query parameters into the shape that a route declares.

Times are converted to UTC; every wrong field is named in the refusal.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import msgspec

from shared.kernel.errors import FieldError, Refusal, bad_request, invalid
from shared.runtime.http_server.duplicate_keys import repeats_a_name
from shared.runtime.http_server.field_errors import MANY, NAME_MAX, field_errors, pointer
from shared.runtime.http_server.request_times import in_utc, without_leap_seconds

PARAMETERS_MAX = 50


class Body:
    """A decoder of JSON bodies of one shape; made once per route. ``most``: how many wrong fields a refusal names."""

    def __init__(self, shape: Any, most: int = MANY) -> None:
        self._shape = shape
        self._most = most
        self._decoder = msgspec.json.Decoder(shape)

    def read(self, raw: bytes) -> Any:
        """The decoded body. Raises ``Refusal``: 400 when it is no JSON or repeats a key in an object, 422 for wrong
        fields."""
        raw = raw or b"{}"
        try:
            return self._read(raw)
        except msgspec.ValidationError as wrong:
            mended = without_leap_seconds(raw)
            if mended == raw:
                raise self._refused(raw, wrong) from wrong
        try:
            return self._read(mended)
        except msgspec.ValidationError as wrong:
            raise self._refused(mended, wrong) from wrong

    def _refused(self, raw: bytes, wrong: msgspec.ValidationError) -> Refusal:
        return invalid(*field_errors(raw, self._shape, str(wrong), self._most))

    def _read(self, raw: bytes) -> Any:
        try:
            decoded = self._decoder.decode(raw)
        except msgspec.ValidationError:
            raise
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
            raise bad_request("not-json", f"The body is not JSON: {wrong}") from wrong
        if isinstance(decoded, msgspec.Struct) and repeats_a_name(raw):
            raise bad_request("not-json", "The body says a name twice in one object.")
        if times := [FieldError(pointer(path), why) for path, why in in_utc(decoded)]:
            raise invalid(*times[: self._most])
        return decoded


class RefusalFields(NamedTuple):
    """A ``Refusal`` that can be sent between processes: pickling an exception keeps only its positional arguments."""

    status: int
    kind: str
    detail: str
    errors: tuple[FieldError, ...]


def read_in_process(shape: Any, raw: bytes) -> tuple[Any, RefusalFields | None]:
    """``Body.read`` as a ``ConfinedProcess`` can call it: the body, or the refusal as a value."""
    try:
        return Body(shape).read(raw), None
    except Refusal as refusal:
        return None, RefusalFields(refusal.status, refusal.kind, refusal.detail, refusal.errors)


class NoParameters(msgspec.Struct, forbid_unknown_fields=True):
    """The query of a route without parameters."""


def parameters(raw: bytes) -> list[tuple[str, str]]:
    """The query parameters as (name, value) pairs. Raises ``Refusal`` 422 above ``PARAMETERS_MAX``, before parsing."""
    if raw.count(b"&") >= PARAMETERS_MAX:
        raise invalid(FieldError("?", f"has more than {PARAMETERS_MAX} parameters"))
    return parse_qsl(raw.decode("latin-1"), keep_blank_values=True)


def query(given: Sequence[tuple[str, str]], shape: type[msgspec.Struct]) -> object:
    """The query parameters as ``shape``. Raises ``Refusal`` 422 that names every wrong one."""
    values = dict(given)
    try:
        converted: object = msgspec.convert(values, shape, strict=False)
    except msgspec.ValidationError as wrong:
        if (mended := [(name, _without_leap_second(value)) for name, value in given]) != list(given):
            return query(mended, shape)
        raise invalid(*islice(_wrong_parameters(values, shape), MANY)) from wrong
    said = Counter(name for name, _ in given)
    errors = [FieldError(f"?{name}", "is said twice") for name, times in said.items() if times > 1]
    errors += [FieldError(f"?{path[0]}", why) for path, why in in_utc(converted)]
    if errors:
        raise invalid(*errors)
    return converted


def _wrong_parameters(values: dict[str, str], shape: type[msgspec.Struct]) -> Iterator[FieldError]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(shape)}
    for name, field in fields.items():
        if name not in values:
            if field.required:
                yield FieldError(f"?{name}", "is required")
            continue
        try:
            msgspec.convert(values[name], field.type, strict=False)
        except msgspec.ValidationError as wrong:
            yield FieldError(f"?{name}", str(wrong)[:300])
    for name in values:
        if name not in fields:
            yield FieldError(f"?{name[:NAME_MAX]}", f"is no parameter here; known: {', '.join(fields) or 'none'}")


def _without_leap_second(value: str) -> str:
    return without_leap_seconds(f':"{value}"'.encode(errors="replace")).decode()[2:-1] if ":60" in value else value
