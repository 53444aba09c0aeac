"""The router's commands on a real database, without intake."""

from typing import Any, cast

from services.router.cases.readings import Readings
from services.router.cases.sealed_words import SealedWords
from services.router.command_handling.handler import CommandHandler
from services.router.command_handling.unmasking import ProtectedData
from services.router.http.command_routes import CommandRoutes
from services.router.http.kept_answers import KeptAnswers
from shared.kernel.clock import StoppedClock
from shared.runtime.identity.directory import Principal
from tests.kit.made_reports import NOW, SECRET
from tests.kit.made_services import Routing, case_access, merging

DESK = Principal(kind="officer", city="harbour", person="qs-desk", unit="quayside", role="duty_officer", post="A")


def commands(router: Routing) -> CommandRoutes:
    """The routes of commands, over the store of ``router``."""
    nobody, words, seen = cast(Any, None), SealedWords(SECRET), case_access(router)
    handler = CommandHandler(
        router.store, seen, router.changes, router.packs, nobody, merging(router), words, StoppedClock(NOW)
    )
    protected = ProtectedData(seen, router.packs, nobody)
    readings = Readings(router.store, router.changes, StoppedClock(NOW))
    return CommandRoutes(handler, protected, KeptAnswers(router.store, words), words, readings, router.packs, nobody)
