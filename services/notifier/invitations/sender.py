"""Sends an invitation to a person's own telephone or mailbox. Its address is made for the message, and not stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from services.notifier.channels.channel import Channel, Message, References, UnsetError
from services.notifier.channels.json_post import SETTINGS_SECONDS
from services.notifier.channels.send_lock import SendLock
from services.notifier.channels.sender import CHANNEL_RETRY_SECONDS
from services.notifier.channels.templates import invitation_message
from services.notifier.delivery.dispatcher import OutgoingMessage
from services.notifier.domain.rate_limit import Pace, next_message
from services.notifier.domain.retry import Outcome
from services.notifier.invitations.addresses import InvitationAddresses
from services.notifier.invitations.delivery import InvitationDelivery
from shared.city.model.channels import ChannelKind
from shared.city.pack import Pack
from shared.city.people.receivers import Receiver
from shared.kernel.clock import Clock
from shared.kernel.errors import Refusal
from shared.runtime.pack_library import PackLibrary

log = structlog.get_logger()
LOCKED_RETRY = timedelta(seconds=1)
ZH = "【设置密码】\n{name}，您已受邀登录工单系统，请在{until}前设置密码（仅限本人，只能使用一次，请勿转发）：{url}"
EN = "[Set your password]\n{name}, you are invited to sign in; set a password by {until} (once, for you alone): {url}"

LINK_ZH = (
    "【登录链接】\n{name}，有人申请以您的身份登录工单系统。如是本人，请在{until}前打开链接，选择屏幕上显示的数字"
    "（仅限本人，请勿转发）：{url}"
)
LINK_EN = (
    "[Login link]\n{name}, somebody wants to sign in as you. If it is you, open this by {until} and choose the number "
    "on your screen (for you alone): {url}"
)


@dataclass(frozen=True, slots=True)
class Letter:
    """A message for one receiver, and the city whose variables its settings name."""

    receiver: Receiver
    message: Message
    city: str


InvitationMessage = OutgoingMessage[InvitationDelivery, Letter | None]
"""Without a letter the delivery ends: the address is over, or the channel is not the person's alone any more."""


class InvitationSender:
    """What the dispatcher needs to send invitations."""

    schedule: Sequence[float] = CHANNEL_RETRY_SECONDS
    at_once = 1

    def __init__(
        self,
        kinds: Mapping[ChannelKind, Channel],
        locks: SendLock,
        addresses: InvitationAddresses,
        packs: PackLibrary,
        references: References,
        clock: Clock,
    ) -> None:
        self._kinds = kinds
        self._locks = locks
        self._addresses = addresses
        self._packs = packs
        self._references = references
        self._clock = clock

    async def messages(
        self, receiver: str, due: Sequence[InvitationDelivery], now: datetime
    ) -> Sequence[InvitationMessage] | datetime:
        """The next message, or when to ask again. The newest pack decides whose the channel is."""
        first = due[0]
        try:
            pack = self._packs.current(first.city)
        except Refusal:  # the city's pack is not here yet
            return now + LOCKED_RETRY
        settings = next((one for one in pack.receivers.personal(first.person) if one.id == receiver), None)
        if settings is None or first.person not in pack.people or first.ends <= self._clock.now():
            return [OutgoingMessage([first], None)]
        channel = self._kinds[settings.kind]
        sent = await self._locks.acquire(receiver, now, channel.seconds)
        if sent is None:
            return now + LOCKED_RETRY
        pace = Pace(settings.per_minute, channel.pace.apart) if settings.per_minute else channel.pace
        choice = next_message(pace, sent, now, danger=False, waiting=1, fills=False)
        if isinstance(choice, datetime):
            return choice
        return [OutgoingMessage([first], await self._letter(pack, settings, first))]

    async def _letter(self, pack: Pack, settings: Receiver, delivery: InvitationDelivery) -> Letter:
        """By template where no other text is sent. Raises ``MongoError``."""
        url, by_template = self._addresses.address(delivery), None
        if settings.kind == "sms" and settings.gateway is not None:
            code = await self._addresses.code(delivery)
            by_template = invitation_message(pack.people[delivery.person], pack, code, delivery.what)
        message = Message(delivery.id, invitation_text(pack, delivery, url), url, by_template)
        return Letter(settings, message, delivery.city)

    async def send(self, receiver: str, message: InvitationMessage, now: datetime) -> Outcome:
        """One attempt."""
        letter = message.content
        if letter is None:
            return Outcome("over", ended=True)
        try:
            settings = self._references.resolved(letter.receiver, letter.city)
        except UnsetError as unset:
            log.warning("channel.secret_unset", variable=str(unset))
            return Outcome("secret_unset", wait=SETTINGS_SECONDS)
        await self._locks.record_message(settings.id, now)
        outcome = await self._kinds[settings.kind].send(settings, letter.message)
        log.info("invitation.sent", receiver=receiver, outcome=outcome.name, status=outcome.status)
        return outcome


def invitation_text(pack: Pack, delivery: InvitationDelivery, url: str) -> str:
    """The message, in the city's first language and local time."""
    local = delivery.ends.astimezone(ZoneInfo(pack.city.timezone))
    chinese = pack.city.languages[0].startswith("zh")
    until = f"{local.month}月{local.day}日{local:%H:%M}" if chinese else f"{local:%H:%M} on {local:%Y-%m-%d}"
    zh, en = (ZH, EN) if delivery.what == "invitation" else (LINK_ZH, LINK_EN)
    return (zh if chinese else en).format(name=pack.people[delivery.person].name, until=until, url=url)
