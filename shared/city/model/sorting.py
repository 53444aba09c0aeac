"""What a report is about, and whose it is by its words: categories and rules."""

from typing import Annotated, Any, Literal

from msgspec import Meta

from shared.city.model.entry import AppName, Entry, Id, Iso, Name, Text, Word
from shared.kernel.vocabulary import FeedbackKind, Priority, ReportKind


class Rising(Entry, frozen=True, kw_only=True):
    """Once so many have reported the same thing: at least this ``priority``, and ``tell`` hears of it."""

    reports: Annotated[int, Meta(ge=2, le=100_000)]
    priority: Priority | None = None
    tell: Word = "parent"


class Same(Entry, frozen=True, kw_only=True):
    """When reports of one category are of one thing: ``same`` of a category; without it each report has its case.

    ``window``: so long after the last report another still belongs to an open case. ``words``: the least share of words
    in common (0 to 1) where not both name the same place; photos that look alike do as well. ``reopens``: so long
    after closing the case is opened again, ``reopens_at`` which level; ``linked``: so long a new one names the old one.
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
    """``feedback`` of ``categories.yaml``: words that report nothing new: it is mended, or thanks; ``not``: unless."""

    means: FeedbackKind
    words: Annotated[tuple[Word, ...], Meta(min_length=1)]
    not_: tuple[Word, ...] = ()


class Category(Entry, frozen=True, kw_only=True, rename={"class_": "class", "not_": "not"}):
    """``categories.yaml``. How ``keywords``, ``hints`` and ``not`` are read is said in ``categories``. ``admitted`` is
    the entry list: whether departments may load it on communities, or which of them may. ``public``: whether any app is
    shown where open cases of it are; nothing about persons is."""

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
    effect_check: Iso | None = None
    pages: tuple[Literal["paired_rider", "grid_member"], ...] = ()
    same: Same | None = None
    note: Text = ""


class When(Entry, frozen=True, kw_only=True):
    """What a rule asks; everything given must hold, and of several values any one; ``not_text``: none of these.

    ``says``: the whole report says that it is mended, or is thanks: ``feedback`` of ``categories.yaml``.
    """

    category: str | tuple[str, ...] | None = None
    kind: ReportKind | tuple[ReportKind, ...] | None = None
    app: AppName | tuple[AppName, ...] | None = None
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
    """``rules.yaml``; rules are tried in order and the first that holds wins."""

    id: Id
    when: When
    then: Then
    note: Text = ""
