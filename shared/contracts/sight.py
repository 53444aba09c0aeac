"""Who sees a case: the list that the router decides and every case event carries (``CaseState.seen_by``).

It holds ids of units, and ids of persons with an ``@`` before them, which no id of a unit begins with. Whoever shows a
case to somebody asks only whether one of his names is in the list; nobody else works it out anew.
"""


def as_person(person: str) -> str:
    """How ``person`` stands in the list: ``@qs-walk``."""
    return f"@{person}"


def names_of(unit: str | None, person: str | None) -> frozenset[str]:
    """What an officer is called in the list: by his unit, and by himself."""
    return frozenset(name for name in (unit, as_person(person) if person is not None else None) if name is not None)
