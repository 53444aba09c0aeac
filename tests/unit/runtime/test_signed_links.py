"""Signed addresses: ours, for one purpose, until their end; anything else is not ours."""

import string
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from shared.runtime.http_server.signed_links import SignedLinks
from shared.runtime.identity import canonical_base64

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


def test_a_token_has_one_spelling() -> None:
    """B58: Python's decoder passes over strange characters, padding and left-over bits: 59 spellings of one token."""
    token = LINKS.token("sheyang/r1/1", ENDS)
    others = {token[:at] + strange + token[at:] for at in range(len(token) + 1) for strange in "!~ .=\n+/"}
    others |= {token + "=" * n for n in range(1, 4)}
    others |= {token[:-1] + last for last in string.ascii_letters + string.digits + "-_"}
    assert [other for other in others - {token} if LINKS.read(other) is not None] == []


@given(st.binary(max_size=60), st.booleans())
def test_bytes_are_read_from_their_one_spelling(raw: bytes, padded: bool) -> None:
    assert canonical_base64.decoded(canonical_base64.encoded(raw, padded=padded), padded=padded) == raw


@given(st.text(max_size=40), st.booleans())
def test_a_text_that_is_read_is_the_spelling_of_what_was_read(text: str, padded: bool) -> None:
    try:
        raw = canonical_base64.decoded(text, padded=padded)
    except ValueError:
        return
    assert canonical_base64.encoded(raw, padded=padded) == text
