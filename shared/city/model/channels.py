"""How people are reached beside the inbox: the kinds of channels, and what a pack may say about each.

``KINDS`` is the one list of fields by kind: the check of packs, their JSON Schemas and the receivers read it. How a
kind sends is in ``services/notifier/channels``; the list is here because the router checks packs and may not import the
notifier.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from msgspec import Meta

from shared.city.model.entry import Entry, Iso, Name
from shared.kernel.vocabulary import Priority

ChannelKind = Literal["wecom", "dingtalk", "feishu", "sms", "voice", "apprise"]
ChannelField = Literal[
    "url",
    "secret",
    "to",
    "headers",
    "body",
    "success",
    "length",
    "gateway",
    "key",
    "signature",
    "templates",
    "app",
    "region",
    "number",
    "after",
    "callback",
    "corp",
    "agent",
]
Gateway = Literal["aliyun", "tencent"]
"""Clouds whose text messages and calls are sent by registered templates."""
TextTemplate = Literal["danger", "task", "deadline", "overdue", "request", "news", "visit", "several"]
"""The templates of text messages that a city registers; what each says: ``services/notifier/channels/templates.py``."""
CallTemplate = Literal["call"]
"""The template of calls."""
Template = TextTemplate | CallTemplate
CALLED_AFTER: Iso = "PT2M"
"""How long a danger may wait for somebody's press before people are called, where a channel says nothing else."""
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
    instead: "tuple[ChannelField, KindFields] | None" = None
    """A field, and the fields that a channel has instead of these if it has that one."""
    for_units: bool = True
    """Whether units have it too. If not: what is sent names one person, or lets one sign."""
    templates: tuple[Template, ...] = ()
    """Templates that ``templates`` names, each with the number that the gateway gave it."""

    @property
    def every_field(self) -> frozenset[ChannelField]:
        """The fields of all forms of the kind."""
        others = self.instead[1].every_field if self.instead is not None else frozenset()
        return frozenset((*self.required, *self.optional)) | others


_ADDRESS: Mapping[ChannelField, str] = {"url": "the address"}
_ACCOUNT: Mapping[ChannelField, str] = {
    "gateway": "the gateway",
    "key": "the id of the access key",
    "secret": "the secret of the access key",
    "templates": "the numbers of the templates",
    "to": "the number",
}
KINDS: Mapping[ChannelKind, KindFields] = {
    "wecom": KindFields(
        required=_ADDRESS,
        instead=(
            "to",
            KindFields(
                required={
                    "to": "the member's id",
                    "corp": "the corporation's id",
                    "agent": "the app's number",
                    "secret": "the app's secret",
                },
                optional=("url",),
                by_reference=("secret",),
                for_units=False,
            ),
        ),
    ),
    "dingtalk": KindFields(required=_ADDRESS, optional=("secret",)),
    "feishu": KindFields(required=_ADDRESS, optional=("secret",)),
    "sms": KindFields(
        required={"url": "the address", "to": "the number"},
        optional=("headers", "body", "success", "length"),
        by_reference=(),
        short_form="to",
        instead=(
            "gateway",
            KindFields(
                required={**_ACCOUNT, "signature": "the registered signature"},
                optional=("url", "app", "region"),
                by_reference=("key", "secret"),
                short_form="to",
                for_units=False,
                templates=get_args(TextTemplate),
            ),
        ),
    ),
    "voice": KindFields(
        required={**_ACCOUNT, "callback": "the secret word of the address to which key presses are posted"},
        optional=("url", "app", "region", "number", "after"),
        by_reference=("key", "secret", "callback"),
        short_form="to",
        for_units=False,
        templates=get_args(CallTemplate),
    ),
    "apprise": KindFields(required=_ADDRESS),
}


class ChannelSettings(Entry, frozen=True, kw_only=True):
    """How somebody is reached beside the inbox: ``channels`` of a city, a unit or a person. ``${NAME}`` stands for a
    variable of the notifier's environment, ``CHANNEL_<CITY>_…``.

    ``to`` is a telephone number, in WeCom a member's id. ``headers``, ``body`` and ``success`` are for a text message
    gateway that takes any JSON. ``length``: most characters of a message. ``priorities``: send only alerts of these;
    empty: all.

    ``gateway``: text messages and calls by templates. ``key``, ``secret``: the account's access key. ``signature``,
    ``templates``: as they are registered. ``app``: Tencent's SdkAppId; ``region``: Tencent's. ``number``: the number
    that calls come from. ``after``: how long a danger waits for a press before the call. ``callback``: the last part
    of the address to which the gateway posts keys that were pressed.

    ``corp``, ``agent``: corporation and app of WeCom that write to a member; ``url`` is then another server than the
    public one (政务微信).
    """

    url: Annotated[str, Meta(max_length=2000)] = ""
    secret: Annotated[str, Meta(max_length=200)] = ""
    to: Annotated[str, Meta(max_length=200)] = ""
    headers: dict[str, str] = {}
    body: dict[str, Any] = {}
    success: dict[str, str | int | bool] = {}
    length: Annotated[int, Meta(ge=60, le=2000)] | None = None
    gateway: Gateway | None = None
    key: Annotated[str, Meta(max_length=200)] = ""
    signature: Annotated[str, Meta(max_length=60)] = ""
    templates: dict[Template, Name] = {}
    app: Annotated[str, Meta(max_length=60)] = ""
    region: Annotated[str, Meta(max_length=60)] = ""
    number: Annotated[str, Meta(max_length=60)] = ""
    after: Iso | None = None
    callback: Annotated[str, Meta(max_length=200)] = ""
    corp: Annotated[str, Meta(max_length=60)] = ""
    agent: Annotated[int, Meta(ge=1, le=2**31)] | None = None
    per_minute: Annotated[int, Meta(ge=1, le=600)] | None = None
    priorities: tuple[Priority, ...] = ()


def fields_of(kind: ChannelKind, channel: ChannelSettings) -> KindFields:
    """The fields that a channel of ``kind`` has, in the form that ``channel`` has chosen by what it says."""
    own = KINDS[kind]
    return own.instead[1] if own.instead is not None and getattr(channel, own.instead[0]) else own


Channels = dict[ChannelKind, ChannelSettings | Annotated[str, Meta(max_length=2000)]]
"""By kind; a text alone is the kind's ``short_form``."""


class Paging(Entry, frozen=True, kw_only=True):
    """At most ``most`` messages to a person in the time ``per``, the inbox not counted; the rest is listed in one."""

    most: Annotated[int, Meta(ge=1, le=1000)]
    per: Iso = "PT1H"
