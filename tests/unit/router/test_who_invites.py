"""Who may invite whom: whoever invites can take the account over."""

from services.router.sign_in.sign_in import may_invite
from shared.runtime.identity.directory import Principal
from tests.packs import SHEYANG, pack_of

PACK = pack_of(SHEYANG)
CHIEF = Principal(kind="officer", city="sheyang", person="sheyang.supervisor", unit="sheyang", role="supervisor")
OPS = Principal(kind="ops", city="sheyang")


def test_nobody_invites_who_reads_confidential_reports_that_he_does_not_read() -> None:
    """B114: the county's supervisor could read what the police read alone."""
    police = PACK.people["police.desk"]
    assert PACK.handlers.read_by(police.id)
    assert "sheyang" in PACK.units[police.unit].path
    assert not may_invite(CHIEF, PACK, police)
    assert may_invite(OPS, PACK, police)


def test_a_supervisor_invites_everybody_else_below_him() -> None:
    named = {id_ for one in PACK.city.confidential for id_ in one.people}
    below = [one for one in PACK.people.values() if one.id not in named and not PACK.handlers.read_by(one.id)]
    assert len(below) > 10
    assert all(may_invite(CHIEF, PACK, one) for one in below)
