"""The call to the reporter of a closed case that nobody rated (回访), and what was heard of an ending. Values only."""

from datetime import datetime

import msgspec


class CallPlan(msgspec.Struct, frozen=True, omit_defaults=True):
    """The pack's rule: ``days`` after closing somebody calls, ``tries`` times at most."""

    days: int
    tries: int


class CallBack(msgspec.Struct, frozen=True, omit_defaults=True):
    """A call that is to come, or that waits on a list. It is gone once nobody has to call any more.

    ``by``: the unit whose desk calls; ``about``: the unit that handled the case.
    """

    due_at: datetime
    by: str
    about: str
    tries: int
    tried: int = 0
    since: datetime | None = None
    """Since when it waits: since it was due, or since the last try; None before it is due."""


class Verdict(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the reporter said of one ending, in the own rating or on the telephone: 3 满意, 2 基本满意 or 1 不满意.

    ``unit``: that handled the case; ``at``: of the last word or try.
    """

    unit: str
    at: datetime
    rated: int | None = None
    answered: int | None = None
    tried: int = 0

    @property
    def score(self) -> int | None:
        """The own rating counts before what was said on the telephone."""
        return self.answered if self.rated is None else self.rated
