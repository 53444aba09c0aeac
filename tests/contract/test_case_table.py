"""Promise: the page about the life of a case shows the table that the code goes by."""

from tests.contract.case_table import shown, table


def test_the_page_shows_the_codes_state_table() -> None:
    assert shown() == table()
