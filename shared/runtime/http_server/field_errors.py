"""Names every wrong field of a body, each by its RFC 6901 JSON pointer, at bounded cost.

msgspec stops at the first error. A body that it refuses is walked again here, part by part, up to ``MANY`` errors. Each
part is validated by msgspec, so that both always agree.
"""

import types
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec

from shared.kernel.errors import FieldError, bad_request

MANY = 50
NAME_MAX = 100
"""Characters of a key that a pointer repeats; no field has a longer name."""
_Path = tuple[str | int, ...]
_ARRAYS = (list, tuple, set, frozenset)


def field_errors(raw: bytes, shape: Any, first: str, most: int = MANY) -> tuple[FieldError, ...]:
    """The wrong fields of ``raw`` when decoded as ``shape``, at most ``most``. ``first``: msgspec's error message, used
    when the walk finds nothing.

    Raises ``Refusal`` 400 when ``raw`` is no JSON after the first error, where msgspec stopped reading.
    """
    try:
        content = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as wrong:
        raise bad_request("not-json", f"The body is not JSON: {wrong}") from wrong
    return tuple(islice(_wrong(content, shape, ()), most)) or (from_msgspec(first),)


def from_msgspec(message: str) -> FieldError:
    """The field and detail of an msgspec error message."""
    detail, _, place = message.partition(" - at `$")
    path = place.rstrip("`").replace("[", "/").replace("]", "").replace(".", "/")
    return FieldError(path[:300], detail[:300])


def pointer(path: Iterable[str | int]) -> str:
    """An RFC 6901 pointer; the whole body is the empty string."""
    return "".join(f"/{str(part)[:NAME_MAX].replace('~', '~0').replace('/', '~1')}" for part in path)


def _wrong(value: Any, shape: Any, path: _Path) -> Iterator[FieldError]:
    for meant, limits in alternatives(shape):
        if isinstance(value, dict) and _is_object(meant):
            yield from _of_object(value, meant, path)
            return
        if isinstance(value, dict) and get_origin(meant) is dict:
            yield from _of_map(value, meant, limits, path)
            return
        if isinstance(value, list) and get_origin(meant) in _ARRAYS:
            yield from _of_array(value, meant, limits, path)
            return
    yield from _of_part(value, shape, path)


def _of_object(value: dict[str, Any], shape: type[msgspec.Struct], path: _Path) -> Iterator[FieldError]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(shape)}
    for name, field in fields.items():
        if name in value:
            yield from _wrong(value[name], field.type, (*path, name))
        elif field.required:
            yield FieldError(pointer((*path, name)), "is required")
    if shape.__struct_config__.forbid_unknown_fields:
        yield from (FieldError(pointer((*path, name)), "is not a field here") for name in value if name not in fields)


def _of_map(value: dict[str, Any], shape: Any, limits: Iterable[Any], path: _Path) -> Iterator[FieldError]:
    if (size := _size_error(len(value), limits, "object")) is not None:
        yield FieldError(pointer(path), size)
        return
    of_names, of_values = get_args(shape)
    for name, part in value.items():
        yield from _of_part(name, of_names, (*path, name))
        yield from _wrong(part, of_values, (*path, name))


def _of_array(value: list[Any], shape: Any, limits: Iterable[Any], path: _Path) -> Iterator[FieldError]:
    if (size := _size_error(len(value), limits, "array")) is not None:
        yield FieldError(pointer(path), size)
        return
    items = get_args(shape)
    if get_origin(shape) is tuple and items[-1] is not Ellipsis:
        yield from _of_part(value, shape, path)
        return
    for number, item in enumerate(value):
        yield from _wrong(item, items[0], (*path, number))


def _of_part(value: Any, shape: Any, path: _Path) -> Iterator[FieldError]:
    try:
        msgspec.convert(value, shape)
    except msgspec.ValidationError as wrong:
        inner = from_msgspec(str(wrong))
        yield FieldError(pointer(path) + (inner.pointer if isinstance(value, dict | list) else ""), inner.detail)


def _size_error(size: int, limits: Iterable[Any], what: str) -> str | None:
    for limit in limits:
        if limit.max_length is not None and size > limit.max_length:
            return f"Expected `{what}` of length <= {limit.max_length}"
        if limit.min_length is not None and size < limit.min_length:
            return f"Expected `{what}` of length >= {limit.min_length}"
    return None


def _is_object(shape: Any) -> bool:
    """Whether ``shape`` is a struct encoded as an untagged object, as all of ours are."""
    if not isinstance(shape, type) or not issubclass(shape, msgspec.Struct):
        return False
    return not shape.__struct_config__.array_like and shape.__struct_config__.tag is None


def alternatives(shape: Any) -> Iterator[tuple[Any, tuple[msgspec.Meta, ...]]]:
    """The types of a union, each with its limits: for ``list[str] | None`` the list, and None."""
    origin = get_origin(shape)
    if origin is Annotated:
        inner, *more = get_args(shape)
        limits = tuple(one for one in more if isinstance(one, msgspec.Meta))
        yield from ((meant, (*found, *limits)) for meant, found in alternatives(inner))
    elif origin is Union or origin is types.UnionType:
        for one in get_args(shape):
            yield from alternatives(one)
    else:
        yield shape, ()
