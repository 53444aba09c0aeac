"""Searches cases by words. However common a word is, no more than ``LOOKED_AT_MAX`` cases are looked at: those that
were opened last, of the rarest word."""

from dataclasses import dataclass

from services.router.cases.case_store import CaseStore
from services.router.search_words import asked_words, is_exact
from shared.kernel.errors import FieldError, invalid
from shared.runtime.storage.mongo import Document

LOOKED_AT_MAX = 2000
INDEX = "words"


@dataclass(frozen=True, slots=True)
class Narrowed:
    """``where``: the filter of a search; ``cut``: more cases have its words than are looked at."""

    where: Document
    cut: bool


async def narrowed(store: CaseStore, city: str, text: str) -> Narrowed:
    """The filter of cases with all words of ``text``, for use with ``INDEX``.

    Raises ``Refusal`` 422: no word in it, or only beginnings that too many words have.
    """
    words = asked_words(text)
    counts = [await store.cases.count({"city": city, **word}, limit=LOOKED_AT_MAX + 1, hint=INDEX) for word in words]
    few, _, rarest = min(
        (count, not is_exact(word), at) for at, (count, word) in enumerate(zip(counts, words, strict=True))
    )
    word, others = words[rarest], [*words[:rarest], *words[rarest + 1 :]]
    where: Document = {"city": city, **word, **({"$and": others} if others else {})}
    if few <= LOOKED_AT_MAX:
        return Narrowed(where, cut=False)
    if not is_exact(word):
        raise invalid(FieldError("?text", "too many cases have words that begin so: say more of it"))
    since = await store.opened_since(city, word, LOOKED_AT_MAX)
    return Narrowed({**where, "opened_at": {"$gte": since}}, cut=True)
