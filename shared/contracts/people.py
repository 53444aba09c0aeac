"""Events of people of a city's pack."""

from datetime import datetime

import msgspec

TOPIC = "people"


class PersonInvited(msgspec.Struct, frozen=True, kw_only=True):
    """``person.invited.v1``: ``person`` may set a password until ``ends``. Its address is not in the event: who has the
    installation's secret makes it from ``invitation``, and nobody else can. ``made_by``: a person or a key."""

    person: str
    invitation: str
    ends: datetime
    made_by: str
    pack_version: str


class PersonLinkAsked(msgspec.Struct, frozen=True, kw_only=True):
    """``person.link_asked.v1``: ``person`` wants to sign in with a ``link`` that is good until ``ends``. Neither its
    address nor the number that belongs to it is in the event."""

    person: str
    link: str
    ends: datetime
    pack_version: str
