"""Who may open the ops pages, and the links between them."""

from services.console.frame.languages import N_
from services.console.frame.visit import Visit
from shared.kernel.errors import forbidden

TABS = (
    ("/ops", N_("Health")),
    ("/ops/find", N_("Find a report")),
    ("/ops/parked", N_("Parked messages")),
    ("/ops/deliveries", N_("Deliveries")),
)


def check_ops(visit: Visit) -> None:
    """Raises ``Refusal`` 403 for who is not appointed to ops: figures of health the services tell anybody inside."""
    if "ops" not in visit.me.offices:
        raise forbidden("This is for ops.")
