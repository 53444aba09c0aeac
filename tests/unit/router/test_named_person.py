"""Whom a claim of the organisation's sign-in means: nobody is guessed."""

import pytest

from services.router.sign_in.sso.named_person import Named, named, shown

ONE, TWO = ("harbour",), ("harbour", "sheyang")


@pytest.mark.parametrize(
    ("claim", "only", "cities", "found"),
    [
        ("qs-desk", "", ONE, Named("harbour", "qs-desk")),
        ("harbour/qs-desk", "", TWO, Named("harbour", "qs-desk")),
        ("sheyang/jiaotonglu.duty1", "", TWO, Named("sheyang", "jiaotonglu.duty1")),
        ("qs-desk", "harbour", TWO, Named("harbour", "qs-desk")),
        ("harbour/qs-desk", "harbour", TWO, Named("harbour", "qs-desk")),
    ],
)
def test_a_claim_means_a_person_of_one_city(claim: str, only: str, cities: tuple[str, ...], found: Named) -> None:
    assert named(claim, only, cities) == found


@pytest.mark.parametrize(
    ("claim", "only", "cities"),
    [
        ("qs-desk", "", TWO),  # ids of two cities may be equal
        ("sheyang/qs-desk", "harbour", TWO),
        ("nowhere/qs-desk", "", TWO),
        ("qs-desk", "", ()),
        ("qs-desk", "nowhere", ONE),
        ("harbour/", "", ONE),
        ("/qs-desk", "", ONE),
        ("a/harbour/qs-desk", "", ONE),
        ("qs-desk@example.org", "", ONE),
        ("qs desk", "", ONE),
        ("qs-desk\n", "", ONE),
        ("", "", ONE),
        ("x" * 121, "", ONE),
        (None, "", ONE),
        (815, "", ONE),
        (["qs-desk"], "", ONE),
        ({"$ne": ""}, "", ONE),
    ],
)
def test_a_claim_that_may_mean_somebody_else_means_nobody(claim: object, only: str, cities: tuple[str, ...]) -> None:
    assert named(claim, only, cities) is None


def test_what_is_shown_of_a_claim_is_short_and_printable() -> None:
    assert shown("王\x1b[1m\u202eer" + "x" * 100) == "王[1mer" + "x" * 54
    assert shown(["x"]) == ""
