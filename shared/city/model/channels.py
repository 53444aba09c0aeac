"""How people are reached beside the inbox."""

from typing import Annotated, Any, Literal

from msgspec import Meta

from shared.city.model.entry import Entry, Iso
from shared.kernel.vocabulary import Priority

ChannelKind = Literal["wecom", "dingtalk", "feishu", "sms", "apprise"]


class Channel(Entry, frozen=True, kw_only=True):
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


Channels = dict[ChannelKind, Channel | Annotated[str, Meta(max_length=2000)]]
"""Kind → channel; a text alone is its ``url``, for ``sms`` its ``to``."""


class Paging(Entry, frozen=True, kw_only=True):
    """At most ``most`` messages to a person in the time ``per``, the inbox not counted; the rest is listed in one."""

    most: Annotated[int, Meta(ge=1, le=1000)]
    per: Iso = "PT1H"
