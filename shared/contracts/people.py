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
