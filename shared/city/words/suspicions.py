"""What the words of a report suggest, such as that it is about those who would handle it. They decide nothing: an
officer does. Unlike feedback, one word anywhere in the text is enough."""

from collections.abc import Iterable

from shared.city.model.sorting import SuspicionWords
from shared.city.words.phrases import Phrases, plain
from shared.kernel.vocabulary import Suspicion


class Suspicions:
    """The ``suspicions`` of one pack."""

    def __init__(self, entries: Iterable[SuspicionWords]) -> None:
        entries = tuple(entries)
        said = [(word, number, False) for number, entry in enumerate(entries) for word in entry.words]
        said += [(word, number, True) for number, entry in enumerate(entries) for word in entry.not_]
        self._means = [entry.means for entry in entries]
        self._meaning = [(number, forbids) for _, number, forbids in said]
        self._phrases = Phrases(word for word, _, _ in said)

    def of(self, text: str) -> tuple[Suspicion, ...]:
        """What ``text`` suggests, each once; an entry one of whose ``not`` words is found counts for nothing."""
        if not self._means:
            return ()
        found = {self._meaning[hit.number] for hit in self._phrases.find(plain(text))}
        numbers = sorted(number for number, forbids in found if not forbids and (number, True) not in found)
        return tuple(dict.fromkeys(self._means[number] for number in numbers))
