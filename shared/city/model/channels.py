"""How people are reached beside the inbox."""

from typing import Annotated, Any, Literal

from msgspec import Meta

from shared.city.model.entry import Entry, Iso
from shared.kernel.vocabulary import Priority

ChannelKind = Literal["wecom", "dingtalk", "feishu", "sms", "apprise"]


class Channel(Entry, frozen=True, kw_only=True):
    """How somebody is reached beside the inbox: ``channels`` of a city, a unit or a person. ``${NAME}`` stands for a
    variable of the notifier's environment, ``CHANNEL_<CITY>_…``.

    ``to`` is a telephone number. ``headers``, ``body`` and ``success`` are a text message gateway's; ``length``: how
    many characters a message may have. ``priorities``: only alerts of these; all of them when empty.
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
"""By kind; a text alone is the ``url``, of ``sms`` the ``to``."""


class Paging(Entry, frozen=True, kw_only=True):
    """At most ``most`` messages beside the inbox to a person in a time ``per``; more are listed in one at its end."""

    most: Annotated[int, Meta(ge=1, le=1000)]
    per: Iso = "PT1H"
