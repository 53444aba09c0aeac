"""Which digits make a PIN."""

import pytest

from services.router.sign_in.pins import is_weak


@pytest.mark.parametrize("pin", ["111111", "121212", "123456", "654321", "890123", "321098", "000000000000"])
def test_few_digits_and_rows_are_weak(pin: str) -> None:
    assert is_weak(pin)


@pytest.mark.parametrize("pin", ["274913", "905172", "112233", "135791357913"])
def test_others_are_not(pin: str) -> None:
    assert not is_weak(pin)
