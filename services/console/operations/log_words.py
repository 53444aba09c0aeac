"""What the security log says, in words: acts, roles and outcomes; what has no words stands for itself."""

import re

from services.console.frame.languages import N_
from services.console.frame.visit import Visit

ACTS = {
    "session.open": N_("Signed in"),
    "session.pin": N_("Signed in with a PIN"),
    "invitation.accept": N_("Set a password"),
    "POST /v1/sessions:confirm": N_("Entered a one-time code"),
    "POST /v1/sessions:set-password": N_("Set a password"),
    "POST /v1/sessions:set-pin": N_("Set a PIN"),
    "DELETE /v1/sessions/{id}": N_("Ended a session"),
    "POST /v1/invitations": N_("Invited a person"),
    "POST /v1/cases/{id}/unmask": N_("Read who reported"),
    "POST /v1/cases/{id}/unseal": N_("Read a confidential report"),
    "POST /v1/cases:find": N_("Searched cases by telephone"),
    "POST /v1/reporters:find": N_("Searched reports by telephone"),
    "POST /v1/reporters:erase": N_("Erased a reporter"),
    "POST /v1/my-data:erase": N_("Erased their own data"),
    "POST /v1/reporters:rewrap": N_("Destroyed the master key"),
    "GET /v1/bridges/{id}/sheet": N_("Exported a county platform's sheet"),
    "POST /v1/bridges/{id}/sheet": N_("Imported a county platform's sheet"),
    "POST /v1/cities": N_("Loaded a city pack"),
    "POST /v1/keys": N_("Made a key"),
    "POST /v1/keys:revoke": N_("Revoked keys"),
    "POST /v1/keys:rotate": N_("Renewed the installation's keys"),
    "POST /v1/walls": N_("Made a key for a screen on the wall"),
    "POST /v1/walls:revoke": N_("Revoked the key of a screen on the wall"),
    "GET /v1/security-log:export": N_("Exported the security log"),
    "POST /v1/dead-letters/{id}/replay": N_("Delivered a parked message again, or tried it dry"),
    "POST /v1/dead-letters/{id}/drop": N_("Dropped a parked message"),
    "POST /v1/retention:run": N_("Deleted what is past its time"),
}
ROLES = {
    "officer": N_("Officer"),
    "ops": N_("Operations"),
    "setup": N_("Set-up"),
    "auditor": N_("Auditor"),
    "rider": N_("Rider"),
    "rider_app": N_("App"),
    "wall": N_("Screen on the wall"),
    "importer": N_("Import"),
    "service": N_("Service"),
}
_STATUS = re.compile(r"[1-5]\d\d")


def act(visit: Visit, what: str) -> str:
    return visit._(ACTS[what]) if what in ACTS else what


def role(visit: Visit, code: str) -> str:
    return visit._(ROLES[code]) if code in ROLES else code


def outcome(visit: Visit, said: str) -> str:
    """Of an HTTP status; the log also has outcomes in a word."""
    if not _STATUS.fullmatch(said):
        return said
    match said[0]:
        case "2":
            return visit._("Done")
        case "5":
            return visit._("Failed (%(status)s)", status=said)
        case _:
            return visit._("Refused (%(status)s)", status=said)
