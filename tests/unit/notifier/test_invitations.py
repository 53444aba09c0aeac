"""Invitations by message: to a person's own channels and to no group, with an address that is made for the message."""

import re
from datetime import datetime, timedelta
from typing import Any, cast, get_args

import msgspec
import pytest

from services.notifier.channels.channel import Channel, Message, References
from services.notifier.channels.send_lock import SendLock
from services.notifier.channels.templates import TEMPLATES, VARIABLES
from services.notifier.domain.rate_limit import Pace
from services.notifier.domain.retry import Outcome
from services.notifier.http.short_links import LENGTH
from services.notifier.invitations.addresses import InvitationAddresses
from services.notifier.invitations.delivery import InvitationDelivery, plan
from services.notifier.invitations.sender import InvitationSender, invitation_text
from shared.city.model.channels import TextTemplate
from shared.city.pack import Pack
from shared.city.people.receivers import Receiver
from shared.city.reading import read_pack
from shared.contracts.catalogue import encode
from shared.contracts.envelope import Envelope
from shared.contracts.people import PersonInvited, PersonLinkAsked
from shared.kernel.clock import StoppedClock
from shared.kernel.errors import not_found
from shared.runtime.http_server.invitation_links import LOGIN_LINKS, InvitationLinks
from shared.runtime.pack_library import PackLibrary
from shared.runtime.storage.mongo import Database
from tests.kit.made_reports import NOW, SECRET
from tests.packs import harbour_with_channels

ENDS = NOW + timedelta(days=3)
PHONE = "${CHANNEL_HARBOUR_PHONE}"
SMS = {"sms": {"url": "https://sms.example.com/"}}
DATA = PersonInvited(person="qs-desk", invitation="0f1e2d3c4b5a6978", ends=ENDS, made_by="oh-chief", pack_version="1")
LINK = PersonLinkAsked(person="qs-desk", link="0f1e2d3c4b5a6978", ends=NOW + timedelta(minutes=10), pack_version="1")
either = pytest.mark.parametrize("data", [DATA, LINK], ids=["invitation", "login link"])


def harbour(**named: Any) -> Pack:
    return read_pack(harbour_with_channels(**named))


def with_telephone(**more: Any) -> Pack:
    return harbour(city=SMS, people={"qs-desk": {"sms": PHONE}}, **more)


def planned(pack: Pack, data: PersonInvited | PersonLinkAsked = DATA) -> list[InvitationDelivery]:
    event = Envelope(
        id="0f1e2d3c4b5a6978.1.0",
        type="person.invited.v1" if isinstance(data, PersonInvited) else "person.link_asked.v1",
        topic="people",
        key="harbour",
        subject="0f1e2d3c4b5a6978",
        city="harbour",
        sequence=1,
        time=NOW,
        data=encode(data),
    )
    return plan(event, data, pack, NOW)


class Packs:
    def __init__(self, pack: Pack | None) -> None:
        self.pack = pack

    def current(self, _: str) -> Pack:
        if self.pack is None:
            raise not_found("city")
        return self.pack


class Locks:
    """Never taken by another process; keeps when messages were sent."""

    def __init__(self) -> None:
        self.sent: list[datetime] = []

    async def acquire(self, _: str, __: datetime, ___: float) -> list[datetime]:
        return self.sent

    async def record_message(self, _: str, now: datetime) -> None:
        self.sent.append(now)


class Telephone:
    pace = Pace(6)
    seconds = 8.0

    def __init__(self) -> None:
        self.got: list[tuple[str, Message]] = []

    def fits(self, _: Receiver, __: str) -> bool:
        return True

    async def send(self, receiver: Receiver, message: Message) -> Outcome:
        self.got.append((receiver.to, message))
        return Outcome("delivered", 200)


class Rows:
    """A collection in memory."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}

    def collection(self, _: str) -> "Rows":
        return self

    async def insert(self, document: dict[str, Any]) -> bool:
        return self.rows.setdefault(document["_id"], document) is document

    async def find_one(self, where: dict[str, Any]) -> dict[str, Any] | None:
        return self.rows.get(where["_id"])


class Post:
    """A sender with a telephone in place of the real one."""

    def __init__(self, pack: Pack | None) -> None:
        self.references = {"CHANNEL_HARBOUR_PHONE": "13800000000"}
        self.telephone, self.locks, self.clock = Telephone(), Locks(), StoppedClock(NOW)
        self.packs, self.codes = Packs(pack), Rows()
        self.addresses = InvitationAddresses(SECRET, cast(Database, self.codes), "https://grid.example/")
        self.sender = InvitationSender(
            {"sms": cast(Channel, self.telephone)},
            cast(SendLock, self.locks),
            self.addresses,
            cast(PackLibrary, self.packs),
            References(self.references),
            self.clock,
        )

    async def sends(self, delivery: InvitationDelivery) -> Outcome:
        messages = await self.sender.messages(delivery.receiver, [delivery], NOW)
        assert not isinstance(messages, datetime)
        return await self.sender.send(delivery.receiver, messages[0], NOW)


async def test_the_address_is_the_routers_and_stands_in_no_document() -> None:
    pack = with_telephone()
    (delivery,) = planned(pack)
    post = Post(pack)
    assert (await post.sends(delivery)).name == "delivered"
    ((number, message),) = post.telephone.got
    assert number == "13800000000"
    token = message.link.removeprefix("https://grid.example/i/")
    found = InvitationLinks(SECRET).read(token)
    assert found is not None
    assert found[:3] == ("harbour", "qs-desk", "0f1e2d3c4b5a6978")
    assert token not in repr(msgspec.to_builtins(delivery))
    assert message.by_template is None


async def test_a_login_link_opens_no_invitation_and_an_invitation_no_login() -> None:
    pack = with_telephone()
    (delivery,) = planned(pack, LINK)
    post = Post(pack)
    assert (await post.sends(delivery)).name == "delivered"
    ((_, message),) = post.telephone.got
    token = message.link.removeprefix("https://grid.example/l/")
    found = InvitationLinks(SECRET, LOGIN_LINKS).read(token)
    assert found == ("harbour", "qs-desk", "0f1e2d3c4b5a6978", LINK.ends)
    assert InvitationLinks(SECRET).read(token) is None
    assert token not in repr(msgspec.to_builtins(delivery))


@either
def test_no_group_gets_it(data: PersonInvited | PersonLinkAsked) -> None:
    robot = "${CHANNEL_HARBOUR_ROBOT}"
    assert planned(harbour(units={"quayside": {"wecom": robot}}), data) == []
    both = {"sms": PHONE}
    assert planned(harbour(units={"quayside": both}, people={"qs-desk": both}, city=SMS), data) == []
    assert planned(harbour(people={"qs-desk": {"dingtalk": robot}}), data) == []
    assert planned(harbour(city=SMS, people=dict.fromkeys(("qs-desk", "qs-walk"), both)), data) == []
    assert len(planned(with_telephone(units={"quayside": {"wecom": robot}}), data)) == 1


def test_a_message_that_is_handled_again_is_the_same() -> None:
    assert planned(with_telephone()) == planned(with_telephone())


@either
@pytest.mark.parametrize(
    "pack",
    [harbour(), harbour(city=SMS, people={name: {"sms": PHONE} for name in ("qs-desk", "qs-walk")})],
    ids=["no telephone any more", "now another's too"],
)
async def test_whose_channel_it_is_is_asked_when_it_is_sent(pack: Pack, data: PersonInvited | PersonLinkAsked) -> None:
    (delivery,) = planned(with_telephone(), data)
    post = Post(pack)
    assert (await post.sends(delivery)).ended
    assert post.telephone.got == []


@either
async def test_an_address_that_has_ended_is_not_sent(data: PersonInvited | PersonLinkAsked) -> None:
    pack = with_telephone()
    (delivery,) = planned(pack, data)
    post = Post(pack)
    post.clock.move_to(data.ends)
    assert (await post.sends(delivery)).ended


async def test_before_the_citys_pack_is_here_it_waits() -> None:
    (delivery,) = planned(with_telephone())
    assert isinstance(await Post(None).sender.messages(delivery.receiver, [delivery], NOW), datetime)


async def test_a_telephone_gets_no_more_messages_than_it_takes() -> None:
    pack = with_telephone()
    (delivery,) = planned(pack)
    post = Post(pack)
    post.locks.sent = [NOW] * 6
    assert isinstance(await post.sender.messages(delivery.receiver, [delivery], NOW), datetime)


def test_its_words_in_both_languages() -> None:
    pack = with_telephone()
    (delivery,) = planned(pack)
    assert invitation_text(pack, delivery, "https://grid.example/i/x").startswith("[Set your password]\nQuayside desk")
    assert pack.people["qs-desk"].name in invitation_text(pack, delivery, "u")
    files = harbour_with_channels(city=SMS, people={"qs-desk": {"sms": PHONE}})
    files["city.yaml"] = files["city.yaml"].replace('"languages": ["en"', '"languages": ["zh", "en"')
    chinese = read_pack(files)
    text = invitation_text(chinese, delivery, "https://grid.example/i/x")
    assert text.startswith("【设置密码】\n")
    assert "仅限本人，只能使用一次，请勿转发" in text


def test_the_words_of_a_login_link_say_that_somebody_asked_and_who_it_is_for() -> None:
    pack = with_telephone()
    (link,) = planned(pack, LINK)
    assert invitation_text(pack, link, "https://grid.example/l/x") == (
        "[Login link]\nQuayside desk one, somebody wants to sign in as you. If it is you, open this by 10:10 on "
        "2026-03-02 and choose the number on your screen (for you alone): https://grid.example/l/x"
    )
    files = harbour_with_channels(city=SMS, people={"qs-desk": {"sms": PHONE}})
    files["city.yaml"] = files["city.yaml"].replace('"languages": ["en"', '"languages": ["zh", "en"')
    text = invitation_text(read_pack(files), link, "https://grid.example/l/x")
    assert text.startswith("【登录链接】\n")
    assert "如是本人" in text
    assert "请勿转发" in text


BY_TEMPLATE: Any = {
    "gateway": "aliyun",
    "key": "${CHANNEL_HARBOUR_SMS_KEY}",
    "secret": "${CHANNEL_HARBOUR_SMS_SECRET}",
    "signature": "Harbour",
    "templates": {name: f"SMS_{n}" for n, name in enumerate(get_args(TextTemplate))},
}
"""A city whose text messages go by the eight registered templates."""


async def test_where_texts_go_by_template_an_invitation_is_one_of_the_eight_and_its_code_leads_to_the_address() -> None:
    pack = harbour(city={"sms": BY_TEMPLATE}, people={"qs-desk": {"sms": PHONE}})
    (delivery,) = planned(pack)
    post = Post(pack)
    post.references.update(CHANNEL_HARBOUR_SMS_KEY="k", CHANNEL_HARBOUR_SMS_SECRET="s")
    assert (await post.sends(delivery)).name == "delivered"
    ((_, message),) = post.telephone.got
    assert message.by_template is not None
    assert message.by_template.template in BY_TEMPLATE["templates"]
    values = dict(message.by_template.values)
    assert tuple(values) == TEMPLATES[message.by_template.template].variables
    assert all(0 < len(value) <= VARIABLES[name] for name, value in values.items())
    assert pack.people["qs-desk"].name not in repr(values)
    assert await post.addresses.behind(values["code"]) == message.link
    assert await post.addresses.behind("A" * LENGTH) is None
    assert values["code"] not in repr(post.codes.rows)
    assert message.link.rpartition("/")[2] not in repr(post.codes.rows)


async def test_the_code_of_an_invitation_is_always_the_same_and_no_others() -> None:
    post, (delivery,) = Post(with_telephone()), planned(with_telephone())
    newer = msgspec.structs.replace(delivery, invitation="ffffffffffffffff")
    codes = [await post.addresses.code(one) for one in (delivery, delivery, newer)]
    assert codes[0] == codes[1] != codes[2]
    assert all(re.fullmatch(rf"[A-Za-z0-9]{{{LENGTH}}}", code) for code in codes)
