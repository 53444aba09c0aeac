"""Numbers that a platform gave to cases which began here: a sheet that has both numbers says so once.

A number means one case. They are deleted with their cases.
"""

from collections.abc import Mapping, Sequence

from shared.kernel.ids import plain_id
from shared.runtime.storage.mongo import Collection, Database, IndexModel

INDEXES = (IndexModel([("case", 1)], name="case"),)
EACH_MAX = 20
"""Numbers of one case that are looked at."""


class KeptNumbers:
    """The ``platform_numbers`` of the router."""

    def __init__(self, database: Database) -> None:
        self.rows: Collection = database.collection("platform_numbers")

    async def keep(self, city: str, bridge: str, number: str, case: str) -> str:
        """The case that the number means from now on: ``case``, unless it had another before."""
        row = {"_id": _id(city, bridge, number), "city": city, "bridge": bridge, "number": number, "case": case}
        if await self.rows.insert(row):
            return case
        known = await self.cases_of(city, bridge, [number])
        return known.get(number, case)

    async def cases_of(self, city: str, bridge: str, numbers: Sequence[str]) -> Mapping[str, str]:
        """Number → its case, for those that are kept."""
        ids = [_id(city, bridge, number) for number in numbers]
        found = await self.rows.find({"_id": {"$in": ids}}, limit=len(ids)) if ids else []
        return {row["number"]: row["case"] for row in found}

    async def of_cases(self, bridge: str, cases: Sequence[str]) -> Mapping[str, str]:
        """Case → a number of it at that platform, for those that have one."""
        where = {"case": {"$in": list(cases)}, "bridge": bridge}
        found = await self.rows.find(where, sort=[("_id", 1)], limit=EACH_MAX * len(cases)) if cases else []
        return {row["case"]: row["number"] for row in found}

    async def forget(self, cases: Sequence[str]) -> None:
        """Those of cases that are deleted."""
        await self.rows.delete({"case": {"$in": list(cases)}})


def _id(city: str, bridge: str, number: str) -> str:
    return plain_id("x", city, bridge, number)
