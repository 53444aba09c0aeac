"""From the wire to what a route declared: bodies and queries, read once, times in UTC, each wrong field named."""

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
    """Reads bodies of one shape; made once. ``most``: so many errors are named."""

    def __init__(self, shape: Any, most: int = MANY) -> None:
        self._shape = shape
        self._most = most
        self._decoder = msgspec.json.Decoder(shape)

    def read(self, raw: bytes) -> Any:
        """Raises ``Refusal``: 400 for what is no JSON or says a name twice, 422 for wrong fields."""
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


class Refused(NamedTuple):
    """A refusal as it comes from another process: pickling an exception keeps its positional arguments alone."""

    status: int
    kind: str
    detail: str
    errors: tuple[FieldError, ...]


def read_apart(shape: Any, raw: bytes) -> tuple[Any, Refused | None]:
    """``Body.read`` for another process: the body, or why it is refused."""
    try:
        return Body(shape).read(raw), None
    except Refusal as refusal:
        return None, Refused(refusal.status, refusal.kind, refusal.detail, refusal.errors)


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """The query of a route that asks for nothing."""


def parameters(raw: bytes) -> list[tuple[str, str]]:
    """The parameters of an address. Raises ``Refusal`` 422 for more than anybody has to say, before they are read."""
    if raw.count(b"&") >= PARAMETERS_MAX:
        raise invalid(FieldError("?", f"has more than {PARAMETERS_MAX} parameters"))
    return parse_qsl(raw.decode("latin-1"), keep_blank_values=True)


def query(given: Sequence[tuple[str, str]], shape: type[msgspec.Struct]) -> object:
    """The parameters of an address as ``shape``. Raises ``Refusal`` 422 that names every wrong one."""
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
