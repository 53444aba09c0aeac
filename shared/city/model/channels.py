"""How people are reached beside the inbox: the kinds of channels, and what a pack may say about each.

``KINDS`` is the one list of fields by kind: the check of packs, their JSON Schemas and the receivers read it. How a
kind sends is in ``services/notifier/channels``; the list is here because the router checks packs and may not import the
notifier.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from msgspec import Meta

from shared.city.model.entry import Entry, Iso
from shared.kernel.vocabulary import Priority

ChannelKind = Literal["wecom", "dingtalk", "feishu", "sms", "apprise"]
ChannelField = Literal["url", "secret", "to", "headers", "body", "success", "length"]
COMMON_FIELDS = ("per_minute", "priorities")
"""Fields of ``ChannelSettings`` that every kind has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KindFields:
    """Which fields of ``ChannelSettings`` a kind has beside the common ones."""

    required: Mapping[ChannelField, str]
    """Field → what messages call it. The entry has it, or the city's settings of the kind."""
    optional: tuple[ChannelField, ...] = ()
    by_reference: tuple[ChannelField, ...] = ("url",)
    """Of the required fields those that let whoever knows them send: the pack has ``${NAME}`` instead of the value."""
    short_form: Literal["url", "to"] = "url"
    """The field that a text stands for which is written in place of the fields."""


_ADDRESS: Mapping[ChannelField, str] = {"url": "the address"}
KINDS: Mapping[ChannelKind, KindFields] = {
    "wecom": KindFields(required=_ADDRESS),
    "dingtalk": KindFields(required=_ADDRESS, optional=("secret",)),
    "feishu": KindFields(required=_ADDRESS, optional=("secret",)),
    "sms": KindFields(
        required={"url": "the address", "to": "the number"},
        optional=("headers", "body", "success", "length"),
        by_reference=(),
        short_form="to",
    ),
    "apprise": KindFields(required=_ADDRESS),
}


class ChannelSettings(Entry, frozen=True, kw_only=True):
    """How somebody is reached beside the inbox: ``channels`` of a city, a unit or a person. ``${NAME}`` stands for a
    variable of the notifier's environment, ``CHANNEL_<CITY>_…``.

    ``to`` is a telephone number. ``headers``, ``body`` and ``success`` are for a text message gateway. ``length``: most
    characters of a message. ``priorities``: send only alerts of these; empty: all.
    """

    url: Annotated[str, Meta(max_length=2000)] = ""
    secret: Annotated[str, Meta(max_length=200)] = ""
    to: Annotated[str, Meta(max_length=200)] = ""
    headers: dict[str, str] = {}
    body: dict[str, Any] = {}
    success: dict[str, str | int | bool] = {}
    length: Annotated[int, Meta(ge=60, le=2000)] | None = None
    per_minute: Annotated[int, Meta(ge=1, le=600)] | None = None
    priorities: tuple[Priority, ...] = ()


Channels = dict[ChannelKind, ChannelSettings | Annotated[str, Meta(max_length=2000)]]
"""By kind; a text alone is the kind's ``short_form``."""


class Paging(Entry, frozen=True, kw_only=True):
    """At most ``most`` messages to a person in the time ``per``, the inbox not counted; the rest is listed in one."""

    most: Annotated[int, Meta(ge=1, le=1000)]
    per: Iso = "PT1H"
