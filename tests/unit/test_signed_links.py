"""Signed addresses: ours, for one purpose, until their end; anything else is not ours."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from shared.runtime.signed_links import SignedLinks

ENDS = datetime(2026, 3, 7, 8, 0, tzinfo=UTC)
LINKS = SignedLinks("a secret of the installation", "answers")


@given(st.text(min_size=2, max_size=80).filter(lambda text: len(text.encode(errors="ignore")) >= 2))
def test_what_was_signed_is_read_again(what: str) -> None:
    what = what.encode(errors="ignore").decode()
    assert LINKS.read(LINKS.token(what, ENDS)) == (what, ENDS)


@given(st.text(max_size=120))
def test_what_was_not_signed_is_nothing(token: str) -> None:
    assert LINKS.read(token) is None


def test_a_token_is_for_one_purpose_and_one_secret() -> None:
    token = LINKS.token("sheyang/r1/1", ENDS)
    assert SignedLinks("a secret of the installation", "one-press links").read(token) is None
    assert SignedLinks("another secret", "answers").read(token) is None


def test_a_token_that_was_changed_is_nothing() -> None:
    token = LINKS.token("sheyang/r1/1", ENDS)
    for at in range(len(token) - 2):
        other = "A" if token[at] != "A" else "B"
        assert LINKS.read(token[:at] + other + token[at + 1 :]) is None
