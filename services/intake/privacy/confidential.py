"""Confidential reports: words, place and photos are sealed at the door and never leave intake but to a named handler.

What routing needs of them is read here, once: category and priority by the pack's words and rules. The queue is the one
that the pack names for such reports, whatever the place.
"""

from dataclasses import asdict, replace
from typing import Any

from services.intake.domain.submission import Place, Submission, cell_of
from services.intake.privacy.sealing import Vault
from shared.city.confidential import settled
from shared.city.pack import Pack
from shared.runtime.storage.mongo import Document

ADDED_MAX = 100
_NOWHERE = Place(None, None, None, None, None)


def sealed(report: Submission, vault: Vault, pack: Pack) -> Submission:
    """``report`` with everything that says what it is about sealed, under a key of its own."""
    category, priority = settled(pack, report.category, report.kind, report.app, report.description)
    key = vault.new_key(report.id)
    words: Document = {"description": report.description, "location": asdict(report.place), "photos": report.photos}
    if report.answers is not None:
        words["answers"] = dict(report.answers)
    return replace(
        report,
        category=category,
        priority=priority,
        danger=priority == "danger" and not report.historic,
        description="",
        place=_NOWHERE,
        cell=cell_of(report.city, None, None, report.id),
        photos=(),
        answers=None,
        sealed={"key": key.wrapped, "words": key.seal(words)},
    )


def added(report: Document, vault: Vault, words: Document) -> Document:
    """The field of ``report`` that takes up what its reporter said later."""
    sealed_ = report["sealed"]
    key = vault.key(report["_id"], sealed_["key"])
    return {"sealed.added": [*sealed_.get("added", ()), key.seal(words)][-ADDED_MAX:]}


def unsealed(report: Document, vault: Vault) -> Document:
    """What a confidential report says: ``description``, ``location``, ``photos``, ``answers`` where there
    are any, ``added``. Raises ``BrokenSeal``."""
    sealed_ = report.get("sealed")
    if sealed_ is None:  # of an older version, which sealed nothing
        return {**{n: report[n] for n in ("description", "photos")}, "location": report["place"], "added": []}
    key = vault.key(report["_id"], sealed_["key"])
    words: Any = key.open(sealed_["words"])
    return {**words, "added": [key.open(one) for one in sealed_.get("added", ())]}
