"""How many of a thing, as English says it."""


def counted(number: int, one: str, several: str = "") -> str:
    """ "1 case", "2 cases", "1,250 cases"; ``several``: the plural where it is not ``one`` with an s."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"
