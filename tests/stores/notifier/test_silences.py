"""Promise of the store: silences of other units hide none of one's own."""

from datetime import timedelta

import pytest

from services.notifier.alerts import silences as module
from services.notifier.alerts.silences import Silences
from services.notifier.documents.silence import Silence
from shared.runtime.storage.mongo import Database
from tests.kit.made_reports import NOW


def silence(id_: str, unit: str, minutes: int) -> Silence:
    return Silence(
        id=id_,
        city="harbour",
        unit=unit,
        categories=[],
        until=NOW + timedelta(minutes=minutes),
        reason="works",
        asked_from=None,
        from_=NOW,
        by="qs-desk",
        made_at=NOW,
    )


async def test_a_page_full_of_others_silences_hides_none_of_ones_own(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LISTED_MAX", 3)
    silences = Silences(database)
    for n in range(4):
        await silences.add(silence(f"q{n}", "millfield", n + 1))
    await silences.add(silence("own", "quayside", 60))
    found = await silences.unended("harbour", NOW, ["quayside", "oosterhaven"])
    assert [one.id for one in found] == ["own"]
    assert len(await silences.unended("harbour", NOW)) == 3
