"""Confidential reports: text, answers, place and photo list are encrypted ("sealed") when the report arrives, and leave
intake only when a named handler asks for them.

Category and priority, which routing needs, are determined here before sealing, by the pack's words and rules. The case
belongs to the unit that the pack names for such reports, whatever the place.
"""

from dataclasses import asdict
from typing import Any

from services.intake.domain.submission import Place, Sealed, Submission
from services.intake.privacy.sealing import Vault
from shared.city.confidential import category_and_priority
from shared.city.pack import Pack
from shared.kernel.cells import cell_of

ADDED_MAX = 100
"""Later additions that are kept; the oldest go first."""


def sealed(report: Submission, vault: Vault, pack: Pack) -> Submission:
    """``report`` with its content sealed under a key of its own.

    Built field by field, so that a field added to ``Submission`` later is left out until it is listed here.
    """
    category, priority = category_and_priority(
        pack, report.category, report.kind, report.app, report.description, report.channel
    )
    key = vault.new_key(report.id)
    words: dict[str, object] = {
        "description": report.description,
        "location": asdict(report.place),
        "photos": report.photos,
    }
    if report.answers is not None:
        words["answers"] = dict(report.answers)
    if report.outside_number is not None:  # with it the ticket elsewhere is found, which names the person
        words["outside_number"] = report.outside_number
    return Submission(
        id=report.id,
        city=report.city,
        app=report.app,
        fingerprint=report.fingerprint,
        older_fingerprints=report.older_fingerprints,
        kind=report.kind,
        category=category,
        priority=priority,
        danger=priority == "danger" and not report.historic and report.imported_open_at is None,
        description="",
        place=Place(None, None, None, None, None),
        cell=cell_of(report.city, None, None, report.id),
        received_at=report.received_at,
        observed_at=report.observed_at,
        photos=(),
        channel=report.channel,
        reporter=report.reporter,
        confidential=True,
        historic=report.historic,
        imported_open_at=report.imported_open_at,
        pack_version=report.pack_version,
        entered_by=report.entered_by,
        entered_unit=report.entered_unit,
        sealed=Sealed(key.wrapped, key.seal(words)),
    )


def added(report: str, sealed: Sealed, vault: Vault, words: dict[str, object]) -> Sealed:
    """The sealed part of ``report`` (its id) with what its reporter said later."""
    key = vault.key(report, sealed.key)
    return Sealed(sealed.key, sealed.words, (*sealed.added, key.seal(words))[-ADDED_MAX:])


def unsealed(report: str, sealed: Sealed, vault: Vault) -> dict[str, Any]:
    """The content of a confidential report: ``description``, ``location``, ``photos``, ``added``, and ``answers`` and
    ``outside_number`` if there are any. ``report``: its id. Raises ``BrokenSeal``."""
    key = vault.key(report, sealed.key)
    words: Any = key.open(sealed.words)
    return {**words, "added": [key.open(one) for one in sealed.added]}
