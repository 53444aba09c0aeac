"""Categories, feedback words and routing rules."""

from typing import Annotated, Any, Literal

from msgspec import Meta

from shared.city.model.entry import AppName, Entry, Id, Iso, Name, Text, Word
from shared.kernel.vocabulary import AfterPhoto, FeedbackKind, How, Priority, ReportChannel, ReportKind, Suspicion


class Rising(Entry, frozen=True, kw_only=True):
    """When a case has so many ``reports``, its priority is at least ``priority``, and ``tell`` is alerted."""

    reports: Annotated[int, Meta(ge=2, le=100_000)]
    priority: Priority | None = None
    tell: Word = "parent"


class Same(Entry, frozen=True, kw_only=True):
    """``same`` of a category: when reports are about one hazard; without it each report gets a case of its own.

    ``window``: how long after the last report another may be attached to an open case. ``words``: the least share of
    common words (0 to 1) unless both name the same place; similar photos count as well. ``reopens``: how long after
    closing a report reopens the case, ``reopens_at`` which level. ``linked``: how long a new case names the old one.
    """

    radius_m: Annotated[float, Meta(gt=0, le=300)]
    window: Iso
    words: Annotated[float, Meta(ge=0, le=1)] = 0.0
    reopens: Iso | None = None
    reopens_at: Literal["own", "parent"] = "own"
    linked: Iso | None = None
    rising: tuple[Rising, ...] = ()
    made_up: bool = False


class Feedback(Entry, frozen=True, kw_only=True, rename={"not_": "not"}):
    """``feedback`` of ``categories.yaml``: words that say that something is fixed, or thanks; ``not``: exceptions."""

    means: FeedbackKind
    words: Annotated[tuple[Word, ...], Meta(min_length=1)]
    not_: tuple[Word, ...] = ()


class SuspicionWords(Entry, frozen=True, kw_only=True, rename={"not_": "not"}):
    """``suspicions`` of ``categories.yaml``: words that suggest something of a report; ``not``: exceptions."""

    means: Suspicion
    words: Annotated[tuple[Word, ...], Meta(min_length=1)]
    not_: tuple[Word, ...] = ()
    made_up: bool = False


class Elsewhere(Entry, frozen=True, kw_only=True, rename={"not_": "not"}):
    """``elsewhere`` of ``categories.yaml``: matters that are not dealt with here, such as petitions, and in ``text``
    where to go. ``kinds``: kinds of reports that are always such matters; categories name theirs by ``elsewhere``.
    ``words`` only suggest it; ``not``: exceptions."""

    id: Id
    name: Name
    name_en: str = ""
    text: Text
    text_en: Text = ""
    kinds: tuple[ReportKind, ...] = ()
    words: tuple[Word, ...] = ()
    not_: tuple[Word, ...] = ()
    made_up: bool = False


class Category(Entry, frozen=True, kw_only=True, rename={"class_": "class", "not_": "not"}):
    """``categories.yaml``. ``keywords``, ``hints`` and ``not``: see ``sorting.categories``. ``admitted``: the entry
    list, whether departments may pass it down to communities, or which of them may. ``public``: whether all apps are
    shown where its open cases are; never set it for what is about persons. ``about_people``: groups read that there is
    a case, and nothing of it. ``after_photo``: whether the officer who resolves a case is asked for a photo of what was
    done, or must send one. ``outcomes``: how its cases may be resolved; None: as ``city.yaml`` says for their kind.
    ``about_us``: reports of it are about the unit that would get them (回避).
    ``elsewhere``: reports of it are not dealt with here: the id of where to go."""

    code: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
    name: Name
    name_en: str = ""
    class_: Word | None = None
    priority: Priority
    keywords: tuple[Word, ...] = ()
    hints: tuple[Word, ...] = ()
    not_: tuple[Word, ...] = ()
    gbt30428: str = ""
    questions: dict[str, Any] = {}
    advice: Text = ""
    advice_en: Text = ""
    emergency: Text = ""
    emergency_en: Text = ""
    goes_to: Word | None = None
    admitted: bool | tuple[Id, ...] = True
    public: bool = False
    about_people: bool = False
    about_us: bool = False
    elsewhere: Id | None = None
    effect_check: Iso | None = None
    after_photo: AfterPhoto = "asked"
    outcomes: Annotated[tuple[How, ...], Meta(min_length=1)] | None = None
    pages: tuple[Literal["paired_rider", "grid_member"], ...] = ()
    same: Same | None = None
    note: Text = ""


class When(Entry, frozen=True, kw_only=True):
    """The condition of a rule: every given field must match; of several values, any one. ``not_text``: none of these.

    ``says``: the whole report only says that something is fixed, or thanks (``feedback`` of ``categories.yaml``).
    """

    category: str | tuple[str, ...] | None = None
    kind: ReportKind | tuple[ReportKind, ...] | None = None
    app: AppName | tuple[AppName, ...] | None = None
    channel: ReportChannel | tuple[ReportChannel, ...] | None = None
    priority: Priority | tuple[Priority, ...] | None = None
    unit: Id | tuple[Id, ...] | None = None
    text: Word | tuple[Word, ...] | None = None
    not_text: Word | tuple[Word, ...] | None = None
    says: FeedbackKind | tuple[FeedbackKind, ...] | None = None


class Then(Entry, frozen=True, kw_only=True):
    """What a rule sets. ``unit`` is a unit's id; ``goes_to`` also ``parent`` or a level word above the located unit."""

    unit: Id | None = None
    goes_to: Word | None = None
    priority: Priority | None = None
    category: str | None = None


class Rule(Entry, frozen=True, kw_only=True):
    """``rules.yaml``. Rules are tried in order; the first that matches is applied."""

    id: Id
    when: When
    then: Then
    note: Text = ""
