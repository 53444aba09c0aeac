"""The form of a person's own rules: which channel after what time, quiet hours, and a limit of messages."""

from services.console.duty.answers import ChannelRule, PageLimit, Quiet, Rules
from services.console.frame.forms import Form
from services.console.frame.languages import N_
from shared.kernel.errors import FieldError, Refusal, invalid

QUIETS = 2
AFTER = (
    ("", N_("at once")),
    ("PT2M", N_("after 2 minutes without an answer")),
    ("PT5M", N_("after 5 minutes without an answer")),
    ("PT10M", N_("after 10 minutes without an answer")),
    ("PT30M", N_("after 30 minutes without an answer")),
)
PER = (("PT1H", N_("an hour")), ("P1D", N_("a day")))
PRIORITIES = ("danger", "urgent", "normal", "low")
WRONG = {
    "channels": N_("A time like this is not possible for a channel: twelve hours at most."),
    "quiet": N_("Quiet hours have a start and an end that differ."),
    "limit": N_("The limit is a number from 1 to 1000."),
}


def rules_of(form: Form, kinds: tuple[str, ...], kept: Rules) -> Rules:
    """What was sent. Rules of channels that the form does not show stay as they are. Raises ``Refusal`` 422 with the
    part that is wrong."""
    channels = [rule for rule in kept.channels if rule.channel not in kinds]
    for kind in kinds:
        after = form.get(f"after-{kind}")
        ticked = [one for one in PRIORITIES if one in form.all(f"of-{kind}")]
        if after or len(ticked) < len(PRIORITIES):
            # without any tick only danger is left, which goes over every channel anyway
            named = [] if len(ticked) == len(PRIORITIES) else ticked or ["danger"]
            channels.append(ChannelRule(kind, after or "PT0S", named))
    quiet = []
    for n in range(QUIETS):
        from_, to = form.get(f"quiet-from-{n}"), form.get(f"quiet-to-{n}")
        if bool(from_) != bool(to) or (from_ and from_ == to):
            raise invalid(FieldError("/quiet", "begins and ends at two different times"))
        if from_:
            quiet.append(Quiet(from_, to))
    most = form.get("most")
    if most and not (most.isascii() and most.isdigit() and 1 <= int(most) <= 1000):
        raise invalid(FieldError("/limit", "is a number from 1 to 1000"))
    limit = PageLimit(int(most), form.get("per") or "PT1H") if most else None
    return Rules(channels=channels, quiet=quiet, limit=limit)


def wrong_part(refusal: Refusal) -> str:
    """``channels``, ``quiet`` or ``limit``: which part of the form a refusal is about."""
    pointers = [error.pointer for error in refusal.errors] or [""]
    return next((name for name in WRONG if pointers[0].startswith(f"/{name}")), "channels")


def shown(rules: Rules, kinds: tuple[str, ...]) -> list[tuple[str, str, list[str]]]:
    """For each kind of channel: kind, after what time, and for which priorities (all: each of them)."""
    by_kind = {rule.channel: rule for rule in rules.channels}
    return [
        (kind, "" if rule.after == "PT0S" else rule.after, list(rule.priorities or PRIORITIES))
        for kind in kinds
        for rule in (by_kind.get(kind, ChannelRule(kind)),)
    ]
