"""Every kind of channel is described, can send, and stands on the pages with its rate."""

import re
from secrets import token_hex
from typing import get_args

from services.notifier.channels.apprise import Apprise
from services.notifier.channels.registry import channels
from services.notifier.delivery.http_post import Poster
from shared.city.model.channels import COMMON_FIELDS, KINDS, ChannelField, ChannelKind, ChannelSettings
from shared.runtime.http_client import client as http_client
from shared.runtime.http_client.ssrf_guard import Guard
from tests.kit.stack import ROOT

SENDERS = channels(Poster(Guard(""), http_client.client()), Apprise(""), token_hex)
KIND_WORDS = set(get_args(ChannelKind))


def test_every_kind_has_its_fields_and_a_sender() -> None:
    assert set(KINDS) == set(SENDERS) == KIND_WORDS


def test_every_field_of_a_channel_is_one_of_some_kind_or_of_all() -> None:
    used = {field for own in KINDS.values() for field in own.every_field}
    assert used == set(get_args(ChannelField))
    assert {*used, *COMMON_FIELDS} == set(ChannelSettings.__struct_fields__)


def test_a_kinds_short_form_and_references_are_required_fields() -> None:
    forms = [*KINDS.values(), *(own.instead[1] for own in KINDS.values() if own.instead is not None)]
    assert all(set(own.by_reference) <= set(own.required) for own in forms)
    assert all(own.short_form in own.required for own in KINDS.values())


def test_the_page_of_channels_has_every_kind_with_its_rate() -> None:
    page = (ROOT / "docs" / "how-to" / "channels.md").read_text()
    table = re.search(r"\| kind \|.*?\n\n", page, re.DOTALL)
    assert table is not None
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table[0].splitlines()[2:] if line]
    rates = {re.findall(r"`(\w+)`", kind)[0]: int(re.findall(r"\d+", rate)[0]) for kind, _, rate, _ in rows}
    assert rates == {kind: sender.pace.per_minute for kind, sender in SENDERS.items()}


def test_the_glossary_has_every_kind_of_channel() -> None:
    line = re.search(r"^\| channel \|.*$", (ROOT / "docs" / "glossary.md").read_text(), re.MULTILINE)
    assert line is not None
    assert set(re.findall(r"`(\w+)`", line[0])) == KIND_WORDS
