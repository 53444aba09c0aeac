"""All that is checked between the entries and files of a pack."""

from shared.city.check_channels import check_channels
from shared.city.check_ground import check_areas, check_city, check_places, check_units
from shared.city.check_people import check_handlers, check_people, check_secrets, check_staffing
from shared.city.check_promises import check_calendars, check_categories, check_commitments, check_pauses, check_rules
from shared.city.check_texts import check_texts
from shared.city.entries import Entries, Reading
from shared.city.findings import Findings
from shared.city.tree import units_of


def check(entries: Entries, reading: Reading, *, kept: bool = False) -> None:
    """Adds every error and warning to ``reading``, in the order of the files; of a pack that is ``kept`` only what
    the services rest on."""
    found = Findings(entries, reading)
    check_city(found)
    check_secrets(found)
    is_tree = check_units(found)
    check_areas(found)
    check_places(found)
    check_categories(found)
    check_rules(found)
    check_calendars(found)
    check_commitments(found)
    check_pauses(found)
    check_people(found)
    check_handlers(found)
    if not kept:
        check_channels(found)
    check_texts(found)
    if is_tree:
        check_staffing(found, units_of(entries.units))
