"""Who acts by a call: the officer who calls, or the person whom a service names, as for the link in an alert."""

from urllib.parse import unquote

from shared.kernel.errors import forbidden
from shared.runtime.http_server.route import Call
from shared.runtime.identity.directory import Directory, Principal


async def officer_of(call: Call, directory: Directory) -> Principal:
    """Services send ``Whistle-City`` and ``Whistle-Person``. Raises ``Refusal`` 403 when that is nobody of the city."""
    if call.principal.kind == "officer":
        return call.principal
    city = call.request.headers.get("whistle-city", "")
    person = await directory.person(city, unquote(call.request.headers.get("whistle-person", "")))
    if person is None:
        raise forbidden("A service acts for a person of the city; name both.", reason="nobody_of_the_city")
    return person
