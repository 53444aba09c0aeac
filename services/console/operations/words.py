"""The words of the ops pages for services, channels, times, names of details, and what is wrong."""

from services.console.frame.channel_names import CHANNELS, DELIVERY_STATES
from services.console.frame.languages import N_, NN_
from services.console.frame.visit import OpenVisit
from shared.operations.answers import ServiceName
from shared.operations.undone import Matter, Undone

SERVICES: dict[ServiceName, str] = {"intake": N_("Intake"), "router": N_("Router"), "notifier": N_("Notifier")}
DETAILS = {
    "by": N_("by"),
    "unit": N_("unit"),
    "clock": N_("time limit"),
    "act": N_("ladder"),
    "score": N_("score"),
    "tell": N_("tells"),
    "state": N_("state"),
    "version": N_("version"),
    "kind": N_("kind"),
    "recipient": N_("to"),
    "channels": N_("over"),
    "webhook": N_("webhook"),
    "outcome": N_("outcome"),
    "attempts": N_("tried"),
}
INBOX, WEBHOOK = "inbox", "webhook"
WAYS = {INBOX: N_("inbox"), WEBHOOK: N_("webhook"), **CHANNELS}
STATES = {
    **DELIVERY_STATES,
    "sent": N_("sent"),
    "acked": N_("signed for"),
    "over": N_("case ended"),
    "test": N_("test"),
    "shadow": N_("shadow mode"),
}
"""Of alerts and deliveries."""
OUTCOMES = {
    "delivered": N_("delivered"),
    "unreachable": N_("does not answer"),
    "refused": N_("refused"),
    "refused_address": N_("address not allowed"),
    "rate": N_("asks for fewer messages"),
    "settings": N_("settings are wrong"),
    "secret_unset": N_("a setting of the city is missing"),
    "no_template": N_("no template"),
    "unknown_receiver": N_("no longer in the city pack"),
    "words": N_("wording not accepted"),
    "recused": N_("not sent: the unit is recused"),
    "settled": N_("no longer needed"),
    "over": N_("no longer needed"),
    "newer_invitation": N_("no longer needed"),
    "ended": N_("no longer needed"),
}
WRONG: dict[Matter, tuple[str | tuple[str, str], str]] = {
    "parked": (
        NN_(
            "%(service)s: %(count)s message could not be handled",
            "%(service)s: %(count)s messages could not be handled",
        ),
        N_("Look at them, mend the cause, then replay or drop them."),
    ),
    "relay-fails": (
        N_("%(service)s: events do not leave, the oldest for %(span)s"),
        N_("Nothing is lost. See to Kafka and to the service's log."),
    ),
    "outbox-waits": (
        N_("%(service)s: events wait to leave, the oldest for %(span)s"),
        N_("Nothing is lost. See to Kafka and to the service's log."),
    ),
    "clock-off": (
        N_("%(service)s: the machine's clock is off by %(span)s"),
        N_("Set the machine's clock (NTP)."),
    ),
    "clocks-stand": (
        NN_(
            "%(service)s: %(count)s case is due and no clock fires",
            "%(service)s: %(count)s cases are due and no clock fires",
        ),
        N_("See the service's log, then restart it."),
    ),
    "webhooks": (
        NN_("%(count)s webhook of an app keeps failing", "%(count)s webhooks of apps keep failing"),
        N_("Tell the app; what waits is sent once it answers again."),
    ),
    "channels": (
        NN_(
            "%(count)s robot, telephone or mailbox keeps failing",
            "%(count)s robots, telephones or mailboxes keep failing",
        ),
        N_("Check the channel; what waits is sent once it answers again."),
    ),
}
LEADS = {"parked": "/ops/parked", "webhooks": "/ops/deliveries", "channels": "/ops/deliveries"}


def service_name(visit: OpenVisit, service: ServiceName) -> str:
    return visit._(SERVICES[service])


def way(visit: OpenVisit, code: str) -> str:
    return visit._(WAYS[code]) if code in WAYS else code


def state_word(visit: OpenVisit, code: str) -> str:
    """Of an alert or a delivery."""
    return visit._(STATES[code]) if code in STATES else code


def outcome(visit: OpenVisit, name: str, status: str = "") -> str:
    """Of an attempt, with the status that the other side answered."""
    said = visit._(OUTCOMES[name]) if name in OUTCOMES else name
    return visit._("%(outcome)s (%(status)s)", outcome=said, status=status) if status else said


def wrong(visit: OpenVisit, service: ServiceName, one: Undone) -> tuple[str, str, str]:
    """What is wrong, what to do, and the page where that is done; empty where there is none."""
    said, do = WRONG[one.matter]
    figure, name = abs(one.figure), service_name(visit, service)
    if isinstance(said, str):
        told = visit._(said, service=name, span=lasting(visit, figure))
    else:
        told = visit.counted(said, round(figure), service=name)
    return told, visit._(do), LEADS.get(one.matter, "")


def lasting(visit: OpenVisit, seconds: float) -> str:
    """A length of time: 35毫秒, 4.2秒, 9分30秒, 2小时15分, 3天4小时."""
    figure = f"{seconds * 1000:.0f}" if seconds < 1 else f"{seconds:.1f}".removesuffix(".0")
    if seconds < 1:
        return visit._("%(n)s ms", n=figure)
    if round(seconds, 1) < 60:
        return visit._("%(n)s s", n=figure)
    whole = round(seconds)
    if whole < 3600:
        return visit._("%(m)s min %(s)s s", m=whole // 60, s=whole % 60)
    if whole < 86400:
        return visit._("%(h)s h %(m)s min", h=whole // 3600, m=whole // 60 % 60)
    return visit._("%(d)s d %(h)s h", d=whole // 86400, h=whole // 3600 % 24)
