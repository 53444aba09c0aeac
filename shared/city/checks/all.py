"""Runs all checks across the entries and files of a pack."""

from shared.city.checks.areas import check_areas, check_places_in_units
from shared.city.checks.basemap import check_basemap
from shared.city.checks.bridges import check_bridges
from shared.city.checks.channels import check_channels
from shared.city.checks.findings import Findings
from shared.city.checks.ground import check_city, check_places, check_units
from shared.city.checks.people import (
    check_administrators,
    check_handlers,
    check_people,
    check_recusal,
    check_secrets,
    check_sensitive,
    check_staffing,
)
from shared.city.checks.promises import (
    check_calendars,
    check_categories,
    check_commitments,
    check_pauses,
    check_rules,
    check_rulings,
)
from shared.city.checks.sizes import check_sizes
from shared.city.checks.texts import check_texts
from shared.city.pack_files import Entries, PackParser
from shared.city.place.tree import units_of


def check(entries: Entries, reading: PackParser) -> None:
    """Add every error and warning to ``reading``, in the order of the files."""
    found = Findings(entries, reading)
    if not check_sizes(found):
        return
    check_city(found)
    check_basemap(found)
    check_secrets(found)
    is_tree = check_units(found)
    check_areas(found)
    check_places(found)
    check_places_in_units(found)
    check_categories(found)
    check_rules(found)
    check_calendars(found)
    check_commitments(found)
    check_pauses(found)
    check_rulings(found)
    check_people(found)
    check_handlers(found)
    check_administrators(found)
    check_recusal(found)
    check_sensitive(found)
    check_channels(found)
    check_texts(found)
    check_bridges(found)
    if is_tree:
        check_staffing(found, units_of(entries.units))
