"""What the Grafana boards show: tables of panels with their PromQL. Units are Grafana's ids."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

RATE = "[$__rate_interval]"
FORWARDED = f"sum by (service, status) (rate(whistle_requests_forwarded_total{RATE}))"


@dataclass(frozen=True)
class Graph:
    """A panel: PromQL by legend. ``stat``: the newest number, large."""

    title: str
    about: str
    unit: str
    queries: Mapping[str, str]
    stat: bool = False


def quantiles(metric: str, by: str = "", *at: float) -> dict[str, str]:
    """Legends and queries of a histogram's quantiles, apart by the label ``by``."""
    labels = f"le, {by}" if by else "le"
    return {
        f"p{q * 100:g}{f' {{{{{by}}}}}' if by else ''}": f"histogram_quantile({q}, sum by ({labels}) "
        f"(rate({metric}_bucket{RATE})))"
        for q in at or (0.5, 0.99)
    }


def rate(metric: str, by: str) -> dict[str, str]:
    return {f"{{{{{by}}}}}": f"sum by ({by}) (rate({metric}{RATE}))"}


def http(service: str) -> list[Graph]:
    """What every service's board has of its HTTP edge."""
    own = f'{{service="{service}"}}'
    seconds = f"whistle_http_request_duration_seconds_bucket{own}{RATE}"
    return [
        Graph(
            "Answers by route",
            "Per second.",
            "reqps",
            {"{{route}}": f"sum by (route) (rate(whistle_http_requests_total{own}{RATE}))"},
        ),
        Graph(
            "Answers that failed",
            "Status 500 and above, per second.",
            "reqps",
            {
                "{{route}} {{status}}": "sum by (route, status) "
                f'(rate(whistle_http_requests_total{{service="{service}", status=~"5.."}}{RATE}))'
            },
        ),
        Graph(
            "Time to answer, p99",
            "By route.",
            "s",
            {"{{route}}": f"histogram_quantile(0.99, sum by (le, route) (rate({seconds})))"},
        ),
    ]


def consumers(service: str) -> list[Graph]:
    groups = f'{{group=~"{service}[.].*"}}'
    took = f"whistle_consumer_batch_duration_seconds_bucket{groups}{RATE}"
    return [
        Graph(
            "Events handled",
            "Per second, by consumer group.",
            "ops",
            {"{{group}}": f"sum by (group) (rate(whistle_events_handled_total{groups}{RATE}))"},
        ),
        Graph(
            "Records behind",
            "Waiting for the group.",
            "short",
            {"{{group}}": f"sum by (group) (whistle_consumer_lag_records{groups})"},
        ),
        Graph(
            "Time behind",
            "What waits takes so long at the present pace.",
            "s",
            {"{{group}}": f"max by (group) (whistle_consumer_lag_seconds{groups})"},
        ),
        Graph(
            "Time of a batch, p99",
            "Outages that were waited for included.",
            "s",
            {"{{group}}": f"histogram_quantile(0.99, sum by (le, group) (rate({took})))"},
        ),
    ]


def relay(service: str) -> list[Graph]:
    own = f'{{service="{service}"}}'
    return [
        Graph(
            "Relay",
            "Events published per second.",
            "ops",
            {"events": f"sum(rate(whistle_events_relayed_total{own}{RATE}))"},
        ),
        Graph(
            "Relay: what waits",
            "Documents handed over, and in flight.",
            "short",
            {
                "waiting": f"sum(whistle_relay_waiting_documents{own})",
                "in flight": f"sum(whistle_relay_in_flight_documents{own})",
            },
        ),
        Graph(
            "Relay: age of what was left behind",
            "0 while nothing is.",
            "s",
            {"{{instance}}": f"whistle_relay_backlog_age_seconds{own}"},
        ),
    ]


BOARDS: Mapping[str, tuple[str, Mapping[str, Sequence[Graph]]]] = {
    "console": (
        "Whistle: console",
        {
            "Passed on": [
                Graph(
                    "Requests passed on",
                    "By service and status of the answer, per second.",
                    "reqps",
                    {"{{service}} {{status}}": FORWARDED},
                ),
            ],
            "HTTP": http("console"),
        },
    ),
    "overview": (
        "Whistle: overview",
        {
            "The promise": [
                Graph(
                    "Reports stored",
                    "Per second.",
                    "reqps",
                    {"stored": f'sum(rate(whistle_reports_total{{outcome="stored"}}{RATE}))'},
                    stat=True,
                ),
                Graph(
                    "Reports without a case",
                    "Accepted, and nobody has them.",
                    "short",
                    {"reports": "sum(whistle_unanswered_reports)"},
                    stat=True,
                ),
                Graph(
                    "Clocks overdue to fire",
                    "Cases whose moment has come.",
                    "short",
                    {"cases": "max(whistle_due_cases)"},
                    stat=True,
                ),
                Graph(
                    "Parked messages",
                    "A person decides about each.",
                    "short",
                    {"{{service}}": "sum by (service) (whistle_parked_records)"},
                    stat=True,
                ),
                Graph(
                    "Reports by what became of them",
                    "Per second.",
                    "reqps",
                    rate("whistle_reports_total", "outcome"),
                ),
                Graph(
                    "Arrival to alert",
                    "From a report's arrival until its case's alerts are on record.",
                    "s",
                    quantiles("whistle_alert_delay_seconds"),
                ),
                Graph(
                    "Lateness of clocks",
                    "From a deadline until its breach, warning or rung was stored.",
                    "s",
                    quantiles("whistle_clock_lateness_seconds"),
                ),
                Graph(
                    "Breaches",
                    "Per hour, by kind of clock and commitment.",
                    "short",
                    {
                        "{{clock}} {{commitment}}": "sum by (clock, commitment) "
                        "(increase(whistle_clock_breaches_total[1h]))"
                    },
                ),
                Graph(
                    "Cases opened",
                    "Per second, by citizens' reports.",
                    "ops",
                    {"cases": f"sum(rate(whistle_cases_opened_total{RATE}))"},
                ),
                Graph(
                    "Found on patrol",
                    "Cases per day: handed in; handled on the spot, drawn or not drawn for inspection; and what was "
                    "refused there.",
                    "short",
                    {
                        "{{outcome}}": "sum by (outcome) (increase(whistle_patrol_cases_opened_total[1d]))",
                        "inspection {{outcome}}": "sum by (outcome) (increase(whistle_patrol_inspections_total[1d]))",
                    },
                ),
                Graph(
                    "Cases ended",
                    "Per day, by how; rejected and merged ones are counted apart.",
                    "short",
                    {"{{outcome}}": "sum by (outcome) (increase(whistle_cases_ended_total[1d]))"},
                ),
                Graph(
                    "Not taken on",
                    "Of the cases that ended within a day, the share that was rejected; merged ones do not count.",
                    "percentunit",
                    {
                        "rejected": 'sum(increase(whistle_cases_ended_total{outcome="rejected"}[1d])) / '
                        'sum(increase(whistle_cases_ended_total{outcome!="merged"}[1d]))'
                    },
                ),
                Graph("Cases with a running clock", "Up to 100,000.", "short", {"cases": "max(whistle_waiting_cases)"}),
            ],
            "The machinery": [
                Graph(
                    "Servers that answer",
                    "1 while MongoDB, Kafka answer the service.",
                    "bool_yes_no",
                    {
                        "mongo {{service}}": "min by (service) (whistle_store_up)",
                        "kafka {{service}}": "min by (service) (whistle_kafka_up)",
                    },
                ),
                Graph(
                    "Relay failing",
                    "1 while events cannot leave.",
                    "bool_yes_no",
                    {"{{service}}": "max by (service) (whistle_relay_failing)"},
                ),
                Graph(
                    "Records behind",
                    "By consumer group.",
                    "short",
                    {"{{group}}": "sum by (group) (whistle_consumer_lag_records)"},
                ),
                Graph(
                    "Loop lag, p99",
                    "How late a sleeper is woken.",
                    "s",
                    {
                        "{{service}}": "histogram_quantile(0.99, sum by (le, service) "
                        f"(rate(whistle_event_loop_lag_seconds_bucket{RATE})))"
                    },
                ),
                Graph(
                    "Clock off",
                    "How far the machine's clock is ahead of most that its service hears of.",
                    "s",
                    {"{{instance}}": "whistle_clock_off_seconds"},
                ),
                Graph(
                    "CPU",
                    "Cores used, by process.",
                    "short",
                    {"{{instance}}": f'rate(process_cpu_seconds_total{{job="whistle"}}{RATE})'},
                ),
                Graph("Memory", "Resident.", "bytes", {"{{instance}}": 'process_resident_memory_bytes{job="whistle"}'}),
                Graph(
                    "Gaps",
                    "Times per hour that records were gone before they were handled; they are published again.",
                    "short",
                    {"{{group}}": "sum by (group) (increase(whistle_consumer_gaps_total[1h]))"},
                ),
                Graph(
                    "Duplicates absorbed",
                    "Repetitions that changed nothing, per second.",
                    "ops",
                    rate("whistle_duplicates_absorbed_total", "what"),
                ),
                Graph(
                    "Since the last heartbeat",
                    "Taken by the outside watcher.",
                    "s",
                    {"{{service}}": "time() - max by (service) (whistle_heartbeat_timestamp_seconds)"},
                ),
                Graph(
                    "Heartbeats",
                    "Sent, withheld, failed; per hour.",
                    "short",
                    {"{{service}} {{outcome}}": "sum by (service, outcome) (increase(whistle_heartbeats_total[1h]))"},
                ),
                Graph(
                    "Versions",
                    "What runs.",
                    "short",
                    {"{{service}} {{version}}": "sum by (service, version) (whistle_build_info)"},
                ),
            ],
        },
    ),
    "intake": (
        "Whistle: intake",
        {
            "Reports": [
                Graph("Reports per commit", "Group sizes.", "short", quantiles("whistle_commit_group_reports")),
                Graph(
                    "Time of a commit", "Until a majority has it.", "s", quantiles("whistle_commit_duration_seconds")
                ),
                Graph(
                    "Age of the oldest report without a case",
                    "0 while there is none.",
                    "s",
                    {"age": "max(whistle_unanswered_age_seconds)"},
                ),
                Graph(
                    "Published again",
                    "Reports without a case, per second.",
                    "ops",
                    {"reports": f"sum(rate(whistle_reports_published_again_total{RATE}))"},
                ),
            ],
            "Photos": [
                Graph("Photos that wait", "To be cleaned.", "short", {"photos": "max(whistle_waiting_photos)"}),
                Graph("Photos cleaned", "Per second.", "ops", rate("whistle_photos_cleaned_total", "outcome")),
            ],
            "HTTP": http("intake"),
            "Events": [*relay("intake"), *consumers("intake")],
        },
    ),
    "router": (
        "Whistle: router",
        {
            "Clocks": [
                Graph(
                    "Clock events",
                    "Warnings, breaches and rungs per second.",
                    "ops",
                    {"events": f"sum(rate(whistle_clock_events_total{RATE}))"},
                ),
                Graph("Lateness", "", "s", quantiles("whistle_clock_lateness_seconds")),
                Graph("Overdue to fire", "Cases.", "short", {"cases": "max(whistle_due_cases)"}),
            ],
            "HTTP": http("router"),
            "Events": [*relay("router"), *consumers("router")],
        },
    ),
    "notifier": (
        "Whistle: notifier",
        {
            "Alerts": [
                Graph("Alerts", "Put on record, per second.", "ops", rate("whistle_alerts_total", "kind")),
                Graph("Arrival to alert", "", "s", quantiles("whistle_alert_delay_seconds")),
            ],
            "Webhooks": [
                Graph("Attempts", "Per second.", "ops", rate("whistle_webhook_attempts_total", "outcome")),
                Graph("Time of an attempt", "", "s", quantiles("whistle_webhook_attempt_duration_seconds")),
                Graph(
                    "Receivers left alone",
                    "They kept failing; each is tried again within five minutes.",
                    "short",
                    {"receivers": "sum(whistle_webhook_open_circuits)"},
                ),
            ],
            "Channels": [
                Graph("Messages", "Per second.", "ops", rate("whistle_channel_messages_total", "outcome")),
                Graph("By kind of channel", "Per second.", "ops", rate("whistle_channel_messages_total", "kind")),
                Graph(
                    "Robots, telephones, mailboxes left alone",
                    "They kept failing; each is tried again within five minutes.",
                    "short",
                    {"receivers": "sum(whistle_channel_open_circuits)"},
                ),
            ],
            "HTTP": http("notifier"),
            "Events": [
                *consumers("notifier"),
                Graph("Records parked", "Per second.", "ops", rate("whistle_records_parked_total", "group")),
            ],
        },
    ),
}
