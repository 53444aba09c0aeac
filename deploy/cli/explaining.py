"""``whistle explain``: why a case is where it is, and every clock with its commitment, arithmetic and verdict."""

from deploy.cli.api import Api, JsonObject
from deploy.cli.clocks import arithmetic, local, rung, verdict
from deploy.cli.screen import moment, named, show_json
from deploy.cli.terminal import out
from shared.kernel.vocabulary import CLOCK_KINDS
from shared.operations.event_names import CLOCKS, gloss

CALENDAR = ("hours", "days", "cut_off", "resumes", "day_off", "day_end", "holidays", "working_days")


def explain(api: Api, case: str, as_json: bool) -> None:
    """Print what the router says of a case. Refused when there is no such case."""
    told: JsonObject = api.get("router", f"/v1/cases/{case}/explain")
    if as_json:
        now = moment(told["now"])
        show_json({**told, "clocks": [{**clock, "verdict": verdict(clock, now)} for clock in told["clocks"]]})
        return
    for line in lines(told):
        out.print(line)


def lines(told: JsonObject) -> list[str]:
    """The answer of ``GET /v1/cases/{id}/explain`` as a person reads it."""
    zone = told["timezone"]
    head = f"{told['id']}: {named(told['category'])}, {told['priority']}, {told['state']}, with {named(told['unit'])}"
    return [
        head,
        *_routing(told["routing"]),
        *(line for clock in told["clocks"] for line in _clock(clock, told, zone)),
        f"\ntimes are {zone}; now {local(told['now'], zone)}",
    ]


def _routing(routing: JsonObject) -> list[str]:
    told = [
        f"  way      {' > '.join(named(unit) for unit in routing['path'])}",
        f"  by       {routing['by']}; pack {routing['pack_version']}; category by {routing['category_by']}",
    ]
    if routing["within"]:
        told.append(f"  ground   {named(routing['within'])}")
    told += [f"  because  {fact}" for fact in routing["why"]]
    if routing["rule"]:
        rule = routing["rule"]
        sets = ", ".join(f"{name} {value}" for name, value in rule["then"].items())
        told.append(f"  rule     {rule['id']} sets {sets}{'; ' + rule['note'] if rule['note'] else ''}")
    if routing["flags"] or routing["near_border"]:
        told.append(
            f"  flags    {', '.join([*routing['flags'], *(['near_border'] if routing['near_border'] else [])])}"
        )
    return told


def _clock(clock: JsonObject, told: JsonObject, zone: str) -> list[str]:
    start = moment(clock["started_at"])
    shown = [
        f"\n{gloss(CLOCKS, clock['kind'])}: {verdict(clock, moment(told['now']))}",
        f"  commitment {_commitment(clock['commitment'])}",
        f"  calendar   {_calendar(clock['calendar'])}",
        f"  due        {arithmetic(clock, zone)}",
    ]
    if clock["warn_at"]:
        warned = "warned" if clock["warned"] else "not yet warned"
        shown.append(f"  warn       {local(clock['warn_at'], zone, start)}: {warned}")
    for pause in clock["pauses"]:
        shown.append(f"  pause      {', '.join(f'{name} {value}' for name, value in pause.items())}")
    for put_off in clock.get("extensions", []):
        was, to = (local(put_off[name], zone, start) for name in ("was_due_at", "due_at"))
        shown.append(f"  extended   from {was} to {to}: {put_off['reason']}")
    if clock.get("superseded_at"):
        shown.append(f"  superseded {local(clock['superseded_at'], zone, start)}: another promise holds since")
    if clock.get("met_at"):
        shown.append(f"  done       {local(clock['met_at'], zone, start)}")
    return [*shown, *(f"  rung       {rung(step, clock, zone)}" for step in clock["rungs"])]


def _commitment(commitment: JsonObject) -> str:
    of = next((f"{kind} {commitment[kind]}" for kind in ("category", "class") if kind in commitment), "?")
    where = f" in {commitment['unit']}" if "unit" in commitment else ""
    targets = ", ".join(f"{name} {commitment[name]}" for name in CLOCK_KINDS if name in commitment)
    made_up = "; made up" if commitment.get("made_up") else ""
    note = f"; {commitment['note']}" if commitment.get("note") else ""
    return f"{commitment['id']} (for {of}{where}) of pack {commitment['version']}: {targets}{made_up}{note}"


def _calendar(calendar: JsonObject) -> str:
    if calendar["id"] == "always":
        return "always: every minute counts"
    fields = ", ".join(f"{name} {_value(calendar[name])}" for name in CALENDAR if name in calendar)
    return f"{calendar['id']}: {fields}"


def _value(value: object) -> str:
    return " ".join(str(part) for part in value) if isinstance(value, list) else str(value)
