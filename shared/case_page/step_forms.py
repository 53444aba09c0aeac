"""The buttons of a page and the forms behind them, ready for the template."""

from collections.abc import Iterable
from dataclasses import dataclass

from shared.case_page.look import Look
from shared.case_page.next_steps import Choice, Step
from shared.case_page.press import HOW, TEXT_MAX, Press, asked_by
from shared.case_page.words import WORDS

PICTURES = "image/jpeg,image/png,image/webp,image/heic"


@dataclass(frozen=True, slots=True)
class FieldView:
    """A field of a form. ``kind``: select, textarea or file; ``options``: value and label."""

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
            options = tuple((how, words(f"how.{how}")) for how in HOW)
            views.append(FieldView(name, "select", words("field.how"), True, given.get(name, HOW[0]), options))
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
