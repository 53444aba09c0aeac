"""The buttons of a page and the forms behind them, ready for the template."""

from collections.abc import Iterable
from dataclasses import dataclass

from shared.case_page.look import Look
from shared.case_page.next_steps import Choice, Step
from shared.case_page.press import CALLS, TEXT_MAX, Press, asked_by
from shared.case_page.words import WORDS
from shared.kernel.vocabulary import HOWS, SENSITIVITIES

PICTURES = "image/jpeg,image/png,image/webp,image/heic"


@dataclass(frozen=True, slots=True)
class FieldView:
    """A field of a form. ``kind``: select, textarea, date or file; ``options``: value and label."""

    name: str
    kind: str
    label: str
    required: bool
    value: str = ""
    options: tuple[tuple[str, str], ...] = ()
    most: int = TEXT_MAX
    accept: str = PICTURES


@dataclass(frozen=True, slots=True)
class StepView:
    """A button with its form. ``about``: the part or clock, where there are several; ``opened``: its fields show."""

    key: str
    label: str
    about: str
    fields: tuple[FieldView, ...]
    opened: bool
    main: bool

    @property
    def sends_file(self) -> bool:
        return any(field.kind == "file" for field in self.fields)


def step_views(look: Look, choices: Iterable[Choice], tried: Press | None, *, main: bool) -> tuple[StepView, ...]:
    """The buttons of ``choices``. ``tried``: a form that is shown again; ``main``: these stand out."""
    views: list[StepView] = []
    for choice in choices:
        for place, step in enumerate(choice):
            fields = _fields(look, step, tried)
            again = tried is not None and tried.step == step
            first = main and not views
            views.append(
                StepView(
                    step.key, look.words(step.name), _about(look, step), fields, first or again, main and place == 0
                )
            )
    return tuple(views)


def _about(look: Look, step: Step) -> str:
    """Which part or clock a button is about."""
    part = look.seen.case.part(step.part)
    of = [look.names.unit(part.unit)] if part is not None and len(look.seen.case.parts) > 1 else []
    return " · ".join([*of, *([look.words(f"clock.{step.clock}")] if step.clock is not None else [])])


def _fields(look: Look, step: Step, tried: Press | None) -> tuple[FieldView, ...]:
    given = tried.given if tried is not None and tried.step == step else {}
    words, views = look.words, []
    for name in asked_by(step, look.after_photo):
        if name == "how":
            open_ways = tuple(how for how in HOWS if how in look.seen.case.outcomes) or HOWS
            options = tuple((how, words(f"how.{how}")) for how in open_ways)
            views.append(FieldView(name, "select", words("field.how"), True, given.get(name, open_ways[0]), options))
        elif name == "kind":
            kinds = tuple((str(kind), words(f"sensitive.{kind}")) for kind in SENSITIVITIES)
            views.append(FieldView(name, "select", words("field.kind"), True, given.get(name, kinds[0][0]), kinds))
        elif name == "day":
            if "long_term" in look.seen.case.outcomes:
                views.append(FieldView(name, "date", words("field.day"), False, given.get(name, "")))
        elif name == "to":
            views += _send_to(look, given.get(name, ""))
        elif name == "call":
            answers = tuple((call, words(f"call.{call}")) for call in CALLS)
            views.append(FieldView(name, "select", words("field.call"), True, given.get(name, "satisfied"), answers))
        elif name == "words":
            views.append(FieldView(name, "textarea", words("field.words"), False, given.get(name, "")))
        elif name == "photo":
            required = step.name == "resolve" and look.after_photo == "required"
            label = words("field.photo.required" if required else "field.photo.asked")
            views.append(FieldView(name, "file", label, False))  # a referral needs none: the router decides
        else:
            own = f"field.{name}.{step.name}"
            views.append(
                FieldView(name, "textarea", words(own if own in WORDS else f"field.{name}"), True, given.get(name, ""))
            )
    return tuple(views)


def _send_to(look: Look, chosen: str) -> list[FieldView]:
    """To which unit what is returned goes: the suggested one first; no field where the router names none."""
    asked = look.seen.case.ruling
    if asked is None or not asked.may_go_to:
        return []
    units = sorted(asked.may_go_to, key=lambda unit: unit.id != asked.suggests)
    options = tuple((unit.id, look.words.of((unit.name, unit.name_en or unit.name))) for unit in units)
    nobody = () if asked.suggests == units[0].id else (("", look.words("field.to.nobody")),)
    return [
        FieldView("to", "select", look.words("field.to"), True, chosen or (asked.suggests or ""), (*nobody, *options))
    ]
