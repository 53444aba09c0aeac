"""Finds the routing rule for a report: the first rule whose conditions all match."""

from collections.abc import Iterable

from shared.city.model.sorting import Rule, When
from shared.city.words.phrases import Phrases, plain
from shared.kernel.vocabulary import FeedbackKind


class Rules:
    """The rules of one pack."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)
        words = [
            (word, number, forbids)
            for number, rule in enumerate(self._rules)
            for given, forbids in ((rule.when.text, False), (rule.when.not_text, True))
            for word in values(given)
        ]
        self._meaning = [(number, forbids) for _, number, forbids in words]
        self._phrases = Phrases(word for word, _, _ in words)
        self.heed_feedback = any(rule.when.says is not None for rule in self._rules)

    def find(
        self,
        category: str,
        kind: str,
        app: str,
        text: str = "",
        unit_path: tuple[str, ...] = (),
        priority: str | None = None,
        says: FeedbackKind | None = None,
        channel: str = "app",
    ) -> Rule | None:
        """The first rule that matches a report; None when none does.

        ``unit_path``: ids from the root to the located unit. ``says``: set when the report reports nothing new.
        """
        said = {self._meaning[hit.number] for hit in self._phrases.find(plain(text))} if text else set()
        for number, rule in enumerate(self._rules):
            when = rule.when
            if (
                _among(category, when.category)
                and _among(kind, when.kind)
                and _among(app, when.app)
                and _among(channel, when.channel)
                and (when.priority is None or _among(priority or "", when.priority))
                and (when.unit is None or any(unit in unit_path for unit in values(when.unit)))
                and (when.says is None or says in values(when.says))
                and (when.text is None or (number, False) in said)
                and (number, True) not in said
            ):
                return rule
        return None


def values(given: str | tuple[str, ...] | None) -> tuple[str, ...]:
    """One value, several or none, as a tuple."""
    if given is None:
        return ()
    return (given,) if isinstance(given, str) else given


def is_empty(when: When) -> bool:
    """Whether a rule has no condition, and so matches every report."""
    return all(getattr(when, field) is None for field in when.__struct_fields__)


def _among(value: str, given: str | tuple[str, ...] | None) -> bool:
    return given is None or value in values(given)
