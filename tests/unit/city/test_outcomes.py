"""How cases of a kind and category may be resolved: the category's list, the city's for the kind, else stated here."""

import msgspec
import pytest

from services.router.command_handling.bodies import ResolveBody
from services.router.command_handling.commands_from_bodies import to_command
from services.router.command_handling.pack_lookups import Context
from services.router.domain.commands.command import Actor
from shared.city.promises.outcomes import outcomes_of
from shared.kernel.vocabulary import HOWS
from tests.kit.made_reports import NOW, harbour
from tests.kit.made_services import routed
from tests.kit.refusals import refused

CITY = harbour().city
LAMP = harbour().categories["street_light"]


def test_a_hazard_ends_in_every_way_and_opinions_and_needs_with_an_answer() -> None:
    assert outcomes_of(CITY, LAMP, "hazard") == HOWS
    for kind in ("opinion", "need"):
        allowed = outcomes_of(CITY, LAMP, kind)
        assert "answered" in allowed
        assert not {"repair", "self_restored"} & set(allowed)


def test_the_list_of_the_city_goes_before_and_that_of_the_category_before_both() -> None:
    city = msgspec.structs.replace(CITY, outcomes={"opinion": ("answered",)})
    assert outcomes_of(city, LAMP, "opinion") == ("answered",)
    lamp = msgspec.structs.replace(LAMP, outcomes=("repair", "long_term"))
    assert outcomes_of(city, lamp, "opinion") == ("repair", "long_term")


@pytest.mark.parametrize("kind", ["opinion", "need"])
def test_an_opinion_that_was_repaired_is_refused_with_the_ways_that_are_allowed(kind: str) -> None:
    case, _, _ = routed(kind=kind)
    context = Context(case, Actor("qs-desk", case.unit, "duty_officer"), harbour(), NOW)
    with refused(422) as refusal:
        to_command("resolve", ResolveBody(how="repair", text="done"), context)
    (error,) = refusal.value.errors
    assert error.pointer == "/how"
    assert "answered" in error.detail
