"""Whether an officer may rate, add to and withdraw a report for a reporter who has no app (代录).

Only of reports that an officer entered: what a reporter's own app sent is judged by that reporter. Who worked on a case
does not enter the rating of that work; every entry names the officer.
"""

from services.intake.http.report_access import entered, sees
from services.intake.reports.progress_record import ReportStatus
from shared.city.pack import Pack
from shared.kernel.errors import forbidden, not_found
from shared.kernel.vocabulary import DESK_ROLES
from shared.runtime.identity.directory import Principal

JUDGING = ("rating", "objection")


def check_on_behalf(who: Principal, action: str, status: ReportStatus, pack: Pack) -> None:
    """Raises ``Refusal`` unless the officer ``who`` may do ``action`` for the reporter: rating, objection, additions or
    withdraw.

    404: he does not see the report; 403 with a ``reason``: ``own_app``, ``not_yours``, ``own_work`` or ``patrol``.
    """
    report, case = status.report, status.case
    own = entered(who, status)
    if not (own or sees(who, status.cases, pack)):
        raise not_found("report")
    if report.entered_by is None:
        raise forbidden("An app sent this report; its reporter does this there.", reason="own_app")
    if not (own or _owns(who, action, status, pack)):
        raise forbidden(
            "For a reporter speak the desk that entered the report and the unit that owns the case; its desk rates.",
            reason="not_yours",
        )
    check_judged(action, status)
    if action in JUDGING and case is not None and who.person in case.worked_by:
        raise forbidden(
            "You worked on this case. A colleague who did not enters what the reporter says of it.", reason="own_work"
        )


def check_judged(action: str, status: ReportStatus) -> None:
    """Raises ``Refusal`` 403 ``patrol`` for the rating of what was found on patrol, whoever sends it."""
    if action in JUDGING and status.report.channel == "patrol":
        raise forbidden("It was found on patrol: there is no reporter who could rate it.", reason="patrol")


def _owns(who: Principal, action: str, status: ReportStatus, pack: Pack) -> bool:
    """Whether his unit has the case, and he sits at its desk where work is judged; of a confidential one its handlers
    alone."""
    case = status.case
    if case is None:
        return False
    if status.report.confidential or case.confidential:
        return pack.handlers.is_handler(who.person, case.category, case.unit)
    return case.unit in who.units and (action not in JUDGING or who.role in DESK_ROLES)
