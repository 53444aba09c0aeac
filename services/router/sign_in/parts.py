"""Puts sign-in together: accounts lie in the router's database, sessions and the security log where every service reads
them."""

from datetime import timedelta
from typing import Protocol

from services.router.rota.rota_changes import Rota
from services.router.sign_in.account import Accounts
from services.router.sign_in.computers import INDEXES as COMPUTER_INDEXES
from services.router.sign_in.computers import Computers
from services.router.sign_in.development_sessions import DevelopmentSessions
from services.router.sign_in.failures import INDEXES as FAILURE_INDEXES
from services.router.sign_in.failures import Failures
from services.router.sign_in.holder_routes import HolderRoutes
from services.router.sign_in.invitations_sent import INDEXES as INVITATION_INDEXES
from services.router.sign_in.invitations_sent import InvitationsSent
from services.router.sign_in.offer import SignInOffers
from services.router.sign_in.one_time_codes import OneTimeCodes
from services.router.sign_in.own_links.link_routes import LinkRoutes
from services.router.sign_in.own_links.link_store import INDEXES as LINK_INDEXES
from services.router.sign_in.own_links.link_store import LinkStore
from services.router.sign_in.own_links.login_links import LoginLinks
from services.router.sign_in.own_password import OwnPassword
from services.router.sign_in.passwords import Passwords
from services.router.sign_in.pin_routes import PinRoutes
from services.router.sign_in.pins import Pins
from services.router.sign_in.presence import Presence
from services.router.sign_in.record import SignInRecord
from services.router.sign_in.rider_routes import RiderRoutes
from services.router.sign_in.routes import SignInRoutes
from services.router.sign_in.sign_in import SignIn
from services.router.sign_in.sso.attempts import INDEXES as SSO_INDEXES
from services.router.sign_in.sso.attempts import Attempts
from services.router.sign_in.sso.organisation import Asked, OrganisationSignIn
from services.router.sign_in.sso.provider import ANSWER_MAX, REQUEST_SECONDS_MAX, Client, Provider
from services.router.sign_in.sso.sso_routes import SsoRoutes
from shared.runtime.http_client import client as http_client
from shared.runtime.http_client.bounded_requests import BoundedRequests
from shared.runtime.http_client.ssrf_guard import Guard
from shared.runtime.http_server.route import Route
from shared.runtime.identity.rider_sessions import INDEXES as RIDER_INDEXES
from shared.runtime.identity.security_log import INDEXES as SECURITY_LOG_INDEXES
from shared.runtime.identity.sessions import INDEXES as SESSION_INDEXES
from shared.runtime.pack_library import PackLibrary
from shared.runtime.service import Service
from shared.runtime.timekeeping.wall_clock import real_now


def sign_in_parts(service: Service, packs: PackLibrary, rota: Rota) -> tuple[SignIn, list[Route]]:
    """Sign-in and its routes; its indexes are added to the service's."""
    accounts, failures, computers = Accounts(service.database), Failures(service.database), Computers(service.database)
    service.indexes += [
        (failures.rows, FAILURE_INDEXES),
        (computers.rows, COMPUTER_INDEXES),
        (service.directory.sessions.rows, SESSION_INDEXES),
        (service.directory.riders.rows, RIDER_INDEXES),
        (service.security_log.rows, SECURITY_LOG_INDEXES),
    ]
    secret, clock, directory = service.settings.secret_text, service.clock, service.directory
    codes, passwords, record = OneTimeCodes(secret, real_now), Passwords(), SignInRecord(service.security_log)
    idle, sessions = timedelta(minutes=service.settings.idle_minutes), directory.sessions
    sign_in = SignIn(accounts, failures, directory, packs, secret, codes, passwords, clock, service.ids, idle)
    pins = Pins(sign_in, accounts, failures, computers, directory, passwords, packs, rota.decided, clock)
    url, sent = service.settings.public_url, _sent(service)
    stored = _login_links(service)
    links = LoginLinks(sign_in, accounts, failures, stored, directory, packs, secret, clock, service.ids)
    parts: list[_HasRoutes] = [
        SignInRoutes(sign_in, directory, packs, record, sent, computers, url, clock),
        PinRoutes(pins, packs, record),
        OwnPassword(accounts, failures, computers, sessions, passwords, packs, clock, service.ids),
        Presence(accounts, computers, sessions, packs, clock),
        SignInOffers(packs, sso=bool(service.settings.oidc_issuer)),
        SsoRoutes(_sso(service, sign_in, failures, packs), record),
        LinkRoutes(links, packs, record),
        RiderRoutes(directory, secret, url or service.settings.console_url, clock),
        HolderRoutes(directory),
    ]
    if service.settings.dev_tokens:
        parts.append(DevelopmentSessions(sessions, packs, clock))
    return sign_in, [route for part in parts for route in part.routes()]


class _HasRoutes(Protocol):
    def routes(self) -> list[Route]: ...


def _sso(service: Service, sign_in: SignIn, failures: Failures, packs: PackLibrary) -> OrganisationSignIn | None:
    """Sign-in at the organisation, where a provider is configured."""
    settings = service.settings
    if not settings.oidc_issuer:
        return None
    attempts = Attempts(service.database, settings.secret_text)
    service.indexes.append((attempts.rows, SSO_INDEXES))
    requests = BoundedRequests(
        Guard(settings.webhook_allow),
        http_client.client(transport=service.transport),
        most=ANSWER_MAX,
        seconds=REQUEST_SECONDS_MAX,
    )
    home = (settings.public_url or settings.console_url).rstrip("/")
    asked = Asked(
        redirect=f"{home}/signin/sso/back",
        after=f"{home}/signin",
        scope=settings.oidc_scope,
        claim=settings.oidc_claim,
        city=settings.oidc_city,
    )
    provider = Provider(Client(settings.oidc_issuer, settings.oidc_client_id, settings.oidc_secret_text), requests)
    return OrganisationSignIn(
        provider, asked, attempts, sign_in, failures, service.directory, packs, service.clock, real_now
    )


def _sent(service: Service) -> InvitationsSent:
    rows = service.database.collection("invitations")
    service.indexes.append((rows, INVITATION_INDEXES))
    return InvitationsSent(rows, service.outbox(rows))


def _login_links(service: Service) -> LinkStore:
    rows = service.database.collection("login_links")
    service.indexes.append((rows, LINK_INDEXES))
    return LinkStore(rows, service.outbox(rows))
