"""The forms of a case's page: one for each command that is open, filled with what may be chosen."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from services.console.case.answers import Choice, Choices, FullCase, NearCases, Reports
from services.console.case.command_table import COMMANDS, GROUPS, WORKS_MAX, Field
from services.console.frame.service_names import ServiceNames
from services.console.frame.visit import Visit
from shared.case_page.next_steps import NextSteps, Reader, Step, next_steps
from shared.case_page.press import CALLS
from shared.case_page.words import WORDS
from shared.kernel.vocabulary import HOWS, SENSITIVITIES

Options = tuple[tuple[str, str], ...]
PICTURES = "image/jpeg,image/png,image/webp,image/heic"


@dataclass(frozen=True, slots=True)
class FieldView:
    """``kind``: of ``case_forms.html``; ``values``: what was filled in before."""

    id: str
    name: str
    kind: str
    label: str
    required: bool
    options: Options = ()
    values: tuple[str, ...] = ()
    most: int = 2000

    @property
    def value(self) -> str:
        return self.values[0] if self.values else ""


@dataclass(frozen=True, slots=True)
class FormView:
    """``key``: what the form sends as ``do``; ``opened``: it was sent and is to be corrected, or comes first."""

    key: str
    command: str
    label: str
    about: str = ""
    hint: str = ""
    fields: tuple[FieldView, ...] = ()
    opened: bool = False
    main: bool = False
    danger: bool = False

    @property
    def sends_files(self) -> bool:
        return any(one.kind == "photos" for one in self.fields)


@dataclass(frozen=True, slots=True)
class Group:
    """Forms under a heading."""

    label: str
    forms: tuple[FormView, ...]

    @property
    def opened(self) -> bool:
        return any(form.opened for form in self.forms)


@dataclass(frozen=True, slots=True)
class Materials:
    """What forms are filled from. ``given``: the form that was sent last, by its ``do`` and fields; it shows again."""

    case: FullCase
    names: ServiceNames
    choices: Choices
    reports: Reports
    near: NearCases
    tried: str = ""
    given: Mapping[str, list[str]] = field(default_factory=dict)


class CommandForms:
    """The forms for one reader."""

    def __init__(self, visit: Visit, materials: Materials, reader: Reader) -> None:
        self._visit = visit
        self._has = materials
        self._case = materials.case
        self._steps: NextSteps = next_steps(materials.case, reader)

    @property
    def next(self) -> tuple[FormView, ...]:
        """What the case needs now."""
        return tuple(
            self._of_step(step, main=place == 0, opened=number == 0 and place == 0)
            for number, choice in enumerate(self._steps.prominent)
            for place, step in enumerate(choice)
        )

    @property
    def others(self) -> tuple[Group, ...]:
        """Every other command that is open."""
        prominent = {step for choice in self._steps.prominent for step in choice}
        more = [step for choice in self._steps.more for step in choice if step not in prominent]
        shown = {step.command for step in prominent}
        left = [name for name in self._case.commands if name not in shown and name in COMMANDS]
        forms = {
            name: [self._of_step(step) for step in more if step.command == name]
            or ([self._of_command(name)] if name in left else [])
            for _, names in GROUPS
            for name in names
        }
        groups = (
            Group(self._visit._(label), tuple(form for name in names for form in forms[name]))
            for label, names in GROUPS
        )
        return tuple(group for group in groups if group.forms)

    @property
    def undo(self) -> FormView | None:
        """Gives a claim back, without a reason, within ten seconds."""
        if "release" not in self._case.commands:
            return None
        return FormView("release", "release", self._visit._("Take it back"))

    def _of_step(self, step: Step, *, main: bool = False, opened: bool = False) -> FormView:
        """The form of a next step: part and clock are known."""
        command = COMMANDS[step.command]
        known = {"ok"} if step.command == "inspect" else set()
        if step.part is not None or step.clock is not None:
            known |= {"part", "clock", "report"}
        asked = [one for one in command.fields if one.name not in known]
        if step.name == "inspect_not_ok":
            asked = [Field("text", "text", self._visit._("What is wrong")), *asked[1:]]
        return FormView(
            key=step.key,
            command=step.command,
            label=self._visit.case_words(step.name),
            about=self._about(step),
            hint=self._visit._(command.hint) if command.hint else "",
            fields=self._fields(step.key, asked),
            opened=opened or self._has.tried == step.key,
            main=main,
            danger=command.danger,
        )

    def _of_command(self, name: str) -> FormView:
        command = COMMANDS[name]
        words = self._visit.case_words
        return FormView(
            key=name,
            command=name,
            label=words(name) if name in WORDS and name != "unmask" else self._visit._(command.label),
            hint=self._visit._(command.hint) if command.hint else "",
            fields=self._fields(name, command.fields),
            opened=self._has.tried == name,
            danger=command.danger,
        )

    def _about(self, step: Step) -> str:
        part = self._case.part(step.part)
        of = [self._has.names.unit(part.unit)] if part is not None and len(self._case.parts) > 1 else []
        clock = [self._visit.case_words(f"clock.{step.clock}")] if step.clock is not None else []
        return " · ".join([*of, *clock])

    def _fields(self, key: str, fields: Iterable[Field]) -> tuple[FieldView, ...]:
        given = self._has.given if self._has.tried == key else {}
        return tuple(view for one in fields for view in self._views(key, one, given))

    def _views(self, key: str, one: Field, given: Mapping[str, list[str]]) -> list[FieldView]:
        if one.kind == "works":
            return self._works(key, one, given)
        options = self._options(one)
        if one.kind in ("elsewhere", "send_to") and not options:
            return []
        view = FieldView(
            id=f"{key}-{one.name}",
            name=one.name,
            kind=_KINDS.get(one.kind, "select"),
            label=self._visit._(one.label),
            required=one.required and one.kind != "photos",
            options=options,
            values=tuple(given.get(one.name, ())) or self._preset(one, options),
            most=one.most,
        )
        return [view]

    def _works(self, key: str, one: Field, given: Mapping[str, list[str]]) -> list[FieldView]:
        """Lines of a plan: a unit, its work, its day; empty lines are not sent."""
        views = []
        options = (("", self._visit._("Choose")), *self._options(one))
        for n in range(1, WORKS_MAX + 1):
            for name, kind, label in (
                ("body", "select", self._visit._("%(n)s. Unit", n=n)),
                ("work", "line", self._visit._("What it does")),
                ("due", "moment", self._visit._("Until")),
            ):
                own = f"{name}{n}"
                views.append(
                    FieldView(
                        id=f"{key}-{own}",
                        name=own,
                        kind=kind,
                        label=label,
                        required=n == 1,
                        options=options if kind == "select" else (),
                        values=tuple(given.get(own, ())),
                    )
                )
        return views

    def _preset(self, one: Field, options: Options) -> tuple[str, ...]:
        ruling = self._case.ruling
        if one.kind == "send_to" and ruling is not None and ruling.suggests is not None:
            return (ruling.suggests,)
        return (options[0][0],) if one.kind in ("reports",) and len(options) == 1 else ()

    def _options(self, one: Field) -> Options:
        found = self._choices(one)
        return found if one.required or not found else (("", self._visit._("Not said")), *found)

    def _choices(self, one: Field) -> Options:
        words, case = self._visit.case_words, self._case
        match one.kind:
            case "how":
                return tuple((how, words(f"how.{how}")) for how in (*case.outcomes,) if how in HOWS)
            case "sensitivity":
                return tuple((str(kind), words(f"sensitive.{kind}")) for kind in SENSITIVITIES)
            case "call":
                return tuple((call, words(f"call.{call}")) for call in CALLS)
            case "verdict":
                return (("yes", words("inspect_ok")), ("no", words("inspect_not_ok")))
            case "category":
                return tuple((code, self._has.names.category(code)) for code in self._has.names.categories)
            case "receiver":
                return (*self._people(), *self._named(self._has.choices.inside))
            case "unit" | "units" | "reason" | "works":
                return self._named(getattr(self._has.choices, one.of))
            case "elsewhere":
                return self._named(self._has.choices.elsewhere)
            case "send_to":
                may = case.ruling.may_go_to if case.ruling is not None else ()
                return tuple((unit.id, words.of((unit.name, unit.name_en or unit.name))) for unit in may)
            case _:
                return self._of_the_case(one)

    def _of_the_case(self, one: Field) -> Options:
        """Clocks, parts, reports, and cases around."""
        case, words = self._case, self._visit.case_words
        match one.kind:
            case "clock":
                return self._clocks("running")
            case "paused_clock":
                return self._clocks("paused")
            case "asked_clock":
                return tuple(
                    (_clock_key(ask.clock, ask.part), f"{words(f'ask.{ask.what}')} · {words(f'clock.{ask.clock}')}")
                    for ask in case.asks
                )
            case "part":
                left = (part for part in case.parts if part.state in ("waiting", "called", "reported_in"))
                return tuple((part.id, f"{self._has.names.unit(part.unit)} · {part.work}") for part in left)
            case "report" | "reports":
                return tuple(
                    (report.id, f"{self._visit.moment(report.received_at)} {report.description[:60]}")
                    for report in self._has.reports.items
                )
            case "near_case":
                return tuple(
                    (
                        near.row.id,
                        f"{self._has.names.category(near.row.category)} · {near.row.place or ''} · {near.metres} m",
                    )
                    for near in self._has.near.items
                    if near.row.id != case.id
                )
            case _:
                return ()

    def _clocks(self, state: str) -> Options:
        case, words = self._case, self._visit.case_words
        own = [(one.kind, None, "") for one in case.clocks if one.state == state and one.superseded_at is None]
        of_parts = [
            (one.kind, part.id, f" · {self._has.names.unit(part.unit)}")
            for part in case.parts
            for one in part.clocks
            if one.state == state and one.superseded_at is None
        ]
        return tuple(
            (_clock_key(kind, part), words(f"clock.{kind}") + of)
            for kind, part, of in (*own, *of_parts)
            if f"clock.{kind}" in WORDS
        )

    def _people(self) -> Options:
        words = self._visit.case_words
        named = ((one, words.of((one.name, one.name_en or one.name))) for one in self._has.choices.people)
        in_brackets = words.of(("{}（{}）", "{} ({})"))
        return tuple(
            (one.id, in_brackets.format(name, role) if (role := words.role(one.role)) else name) for one, name in named
        )

    def _named(self, choices: Sequence[Choice]) -> Options:
        words = self._visit.case_words
        return tuple((one.id, words.of((one.name, one.name_en or one.name))) for one in choices)


_KINDS = {
    "text": "area",
    "line": "line",
    "code": "code",
    "moment": "moment",
    "date": "date",
    "photos": "photos",
    "units": "ticks",
    "reports": "ticks",
    "near_case": "case",
}
"""How a kind is drawn, where it is no list to choose from."""


def _clock_key(kind: str, part: str | None) -> str:
    """A clock in a form: ``resolve``, ``report_in:p1``."""
    return kind if part is None else f"{kind}:{part}"
