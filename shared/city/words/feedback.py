"""Recognises reports that report nothing new: something is fixed, or thanks.

"It is fixed" counts only if the whole text says so, since taking a hazard for thanks does harm, while a needless case
only costs somebody a look. So the text is tested for what is allowed, not for what is forbidden: every clause either
ends with a closing word of the pack and before it names only what was fixed, or gives thanks, or has no content (你好,
a place). ``doubts`` has the patterns that show more content.
"""

import re
from collections.abc import Iterable, Sequence

from shared.city.model.sorting import Feedback
from shared.city.words.doubts import DAMAGE, DOUBT, MENDED, NOTHING, PLACE, QUESTION, RELATIVE, THANKED_FOR, WATER
from shared.city.words.phrases import Hit, Phrases, plain
from shared.kernel.vocabulary import FeedbackKind

LONGEST = 200
"""Most characters of a text that is only feedback; a longer one has other content."""
LONGEST_SUBJECT = 40
"""Most characters before a closing word, as in 老船厂宿舍三号楼二单元门口的那盏路灯."""
_CLAUSE = re.compile(r"[,，.。;；:：!！…、~\n]+|\band\b|\bso\b")
_TAIL = re.compile(r"[了啦咯喽啊呀哦噢哈耶吔]{0,3}(?: (?:now|today|already|all|well|fully|completely))*")
_NEAR = 16
"""So many characters right after thanks may name whom they are for."""


_FIXED, _THANKS, _NAME = "\ue000", "\ue001", "某"
"""Marks that replace closing words, words of thanks and names of places in the text."""
_MARKS = re.compile(f"[{_FIXED}{_THANKS}]")
_FIXED_TAIL = re.compile(f"{_FIXED}{_TAIL.pattern}")
_BREAK = re.compile(rf"{_CLAUSE.pattern}|(?<={_FIXED})\s+|(?=[非真太十特]*{_THANKS})")


class FeedbackWords:
    """The ``feedback`` of one pack. ``names``: its places, which are no content; ``things``: its categories' words."""

    def __init__(self, entries: Iterable[Feedback], names: Iterable[str] = (), things: Iterable[str] = ()) -> None:
        entries = tuple(entries)
        said = [(word, entry.means, False) for entry in entries for word in entry.words]
        said += [(word, entry.means, True) for entry in entries for word in entry.not_]
        self._meaning = [(means, forbids) for _, means, forbids in said]
        self._phrases = Phrases(word for word, _, _ in said)
        self._names = Phrases(names if entries else ())
        words = [plain(thing) for thing in things] if entries else []
        self._troubles = Phrases(words)
        self._things = frozenset(word for word in words if not (DAMAGE.search(word) or DOUBT.search(word)))

    def kind_of(self, text: str) -> FeedbackKind | None:
        """``fixed`` or ``thanks`` (``fixed`` if both); None when the text says neither or has any other content."""
        said = _MARKS.sub("?", plain(text)) if self._meaning else ""
        hits = self._phrases.find(said) if len(said) <= LONGEST else []
        meant = {self._meaning[hit.number] for hit in hits}
        if not hits or QUESTION.search(said):
            return None
        marked = self._marked(said, hits)
        if ("fixed", False) in meant:
            return "fixed" if ("fixed", True) not in meant and self._all_closing(marked) else None
        if ("thanks", False) in meant:
            return "thanks" if ("thanks", True) not in meant and self._only_thanks(marked) else None
        return None

    def _marked(self, said: str, hits: Sequence[Hit]) -> str:
        """``said`` with closing words, words of thanks, and names of places (which may contain any word) as marks."""
        letters = list(said)
        for name in self._names.find(said):
            letters[name.start : name.end] = [_NAME] * (name.end - name.start)
        reached = 0
        for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end)):
            means, forbids = self._meaning[hit.number]
            if forbids:
                continue
            mark = (_FIXED if means == "fixed" else _THANKS) if hit.start >= reached else ""
            for at in range(max(hit.start, reached), hit.end):
                letters[at], mark = mark, ""
            reached = max(reached, hit.end)
        return "".join(letters)

    def _all_closing(self, marked: str) -> bool:
        return all(self._closes(clause.strip()) for clause in _BREAK.split(_FIXED_TAIL.sub(_FIXED, marked)))

    def _closes(self, clause: str) -> bool:
        """Whether a clause only says that something is fixed, gives thanks, or has no content."""
        subject, mended, thing = clause.lstrip("非常真太十分特别").removeprefix(_THANKS).partition(_FIXED)
        if mended:
            return _is_mended(subject) and (not thing or thing in self._things)
        if _THANKS in clause:
            return _is_addressee(subject)
        return _says_nothing(clause)

    def _only_thanks(self, marked: str) -> bool:
        """Whether a text with thanks names no trouble and does not qualify the thanks."""
        rest = marked.replace(_THANKS, " ")
        if DOUBT.search(rest):
            return False
        rest = THANKED_FOR.sub("", rest)
        return not (DAMAGE.search(rest) or WATER.search(rest) or self._troubles.find(plain(rest)))


def _is_mended(subject: str) -> bool:
    """Whether the words before a closing word only name what was fixed, who did it and when."""
    subject = MENDED.sub("", subject)
    return len(subject) <= LONGEST_SUBJECT and not any(doubt.search(subject) for doubt in (DOUBT, DAMAGE, RELATIVE))


def _is_addressee(words: str) -> bool:
    """Whether the words after thanks only name whom they are for."""
    named, _, rest = words.strip().partition(" ") if not words.isascii() else (words, "", "")
    doubtful = DOUBT.search(named) or DAMAGE.search(named) or "了" in named or WATER.search(named)
    return NOTHING.fullmatch(named) is not None or (len(named) <= _NEAR and not doubtful and _says_nothing(rest))


def _says_nothing(clause: str) -> bool:
    clause = clause.strip()
    if not clause or NOTHING.fullmatch(clause):
        return True
    doubtful = DOUBT.search(clause) or DAMAGE.search(clause) or "了" in clause or WATER.search(clause)
    return not doubtful and (PLACE.fullmatch(clause) is not None or not clause.strip(_NAME + " "))
