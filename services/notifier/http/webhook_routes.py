"""Routes of an app's webhooks: added, listed, deleted, given a new secret, and what was sent to each."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, UnsetType
from starlette.responses import Response

from services.notifier.delivery.webhook_payload import WebhookPayload
from services.notifier.delivery.webhook_signing import Secrets
from services.notifier.delivery.webhooks import Webhooks
from services.notifier.documents.delivery import AppDelivery, app_delivery
from services.notifier.documents.webhook import Rotation, Webhook, WebhookState
from shared.contracts.cases import TYPES
from shared.contracts.catalogue import CATALOGUE
from shared.kernel.errors import FieldError, Refusal, conflict, invalid, key_reused, too_many, unavailable
from shared.kernel.ids import secret_id
from shared.runtime.http_client.ssrf_guard import AddressRefusedError, Guard
from shared.runtime.http_server.field_types import NoBody
from shared.runtime.http_server.openapi import WebhookMessage
from shared.runtime.http_server.pagination import Cursor, Limit, beyond, cursor_after
from shared.runtime.http_server.route import Answer, Call, Route, get, post
from shared.runtime.identity.directory import EVERY_CITY
from shared.runtime.identity.tokens import token_hash
from shared.runtime.storage.mongo import Document
from shared.runtime.timekeeping.wall_clock import real_now

APPS = frozenset({"rider_app", "importer"})
WEBHOOKS_MAX = 20
LISTED_MAX = 500
"""Of all apps, for ops."""
LOOKED_UP_AT_ONCE = 4
"""Addresses of one app whose names are resolved at the same time."""
OLDER_SECRETS_MAX = 3
ROTATION = timedelta(hours=24)
"""How long the secret that was replaced signs as well."""
ROUNDS_MAX = 5


class DeliveryQuery(msgspec.Struct, forbid_unknown_fields=True):
    state: Literal["pending", "delivered", "failed", "ended"] | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class WebhookBody(msgspec.Struct, forbid_unknown_fields=True):
    """``types``: event types to hear of, all when empty; ``case.closed`` or ``case.closed.v1``."""

    url: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
    types: Annotated[list[Annotated[str, msgspec.Meta(max_length=80)]], msgspec.Meta(max_length=50)] = []


class WebhookView(msgspec.Struct, frozen=True, kw_only=True):
    """``types``: all when empty. ``revoked``: the key that made it was. ``app``, ``city``: for ops, whose it is."""

    id: str
    url: str
    types: list[str]
    state: WebhookState
    app: str | UnsetType = UNSET
    city: str | UnsetType = UNSET


class NewWebhook(WebhookView, frozen=True, kw_only=True):
    """``secret``: signs what is sent (Standard Webhooks)."""

    secret: str


class RotatedWebhook(WebhookView, frozen=True, kw_only=True):
    """``secret``: in the first answer alone; the one before signs as well until ``old_secret_until``."""

    old_secret_until: datetime
    secret: str | UnsetType = UNSET


class WebhookList(msgspec.Struct, frozen=True):
    items: list[WebhookView]


class AppDeliveryPage(msgspec.Struct, frozen=True):
    items: list[AppDelivery]
    next: str | None


MESSAGES = [
    WebhookMessage(
        type_.removesuffix(".v1"), f"`{type_.removesuffix('.v1')}` on a case of an own report", WebhookPayload
    )
    for type_ in TYPES
]
"""What a webhook may be sent."""


class WebhookRoutes:
    """Handlers of webhooks."""

    def __init__(self, webhooks: Webhooks, guard: Guard, secret: str) -> None:
        self._webhooks = webhooks
        self._guard = guard
        self._secret = secret.encode()
        self._secrets = Secrets(secret)
        self._looking: Counter[str] = Counter()

    def routes(self) -> list[Route]:
        one = "/v1/webhooks/{id}"
        return [
            post(
                "/v1/webhooks",
                self.add,
                "Hear of the own reports",
                roles=APPS,
                body=WebhookBody,
                keyed=True,
                answers={201: NewWebhook},
            ),
            get(
                "/v1/webhooks",
                self.list_,
                "The app's webhooks; for ops those of all apps, newest first",
                roles=APPS | {"ops"},
                answers={200: WebhookList},
            ),
            post(
                f"{one}:rotate",
                self.rotate,
                "A new secret, shown once; the old one signs as well for a day",
                roles=APPS,
                body=NoBody,
                keyed=True,
                idempotent_as="rotations",
                answers={200: RotatedWebhook},
            ),
            Route(
                method="DELETE",
                path=one,
                handler=self.delete,
                summary="Hear no more; what was still to be sent ends",
                roles=APPS | {"ops"},
                answers={204: None},
            ),
            get(
                f"{one}/deliveries",
                self.deliveries,
                "What was sent, newest first",
                roles=APPS | {"ops"},
                query=DeliveryQuery,
                answers={200: AppDeliveryPage},
            ),
        ]

    async def add(self, call: Call) -> Answer:
        """A repeated request is answered the first secret again: whoever has the app's API key may rotate it anyway."""
        body, who = call.body_as(WebhookBody), call.principal
        id_ = secret_id("w", self._secret, "webhook", who.city, who.who, call.key)
        stored = await self._webhooks.get(id_)
        replayed = stored is not None
        if stored is None:
            await self._check(call)
            if await self._active(call, WEBHOOKS_MAX) >= WEBHOOKS_MAX:
                raise _too_many()
            webhook = Webhook(
                id=id_,
                city=who.city,
                app=who.who,
                key=token_hash(call.request.headers["authorization"].partition(" ")[2]),
                url=body.url,
                types=body.types,
                state="active",
                made_at=real_now(),
            )
            replayed = not await self._webhooks.add(webhook)
            if not replayed and await self._active(call, WEBHOOKS_MAX + 1) > WEBHOOKS_MAX:
                await self._webhooks.remove(webhook)  # others were added at the same moment
                raise _too_many()
            stored = await self._webhooks.get(id_) if replayed else webhook
        if stored is None:
            raise unavailable("It is not known whether the webhook was added. Repeat with the same key.", retry_after=1)
        if (stored.url, stored.types) != (body.url, body.types):
            raise key_reused()
        headers = {"idempotent-replayed": "true"} if replayed else {}
        return Answer(_new(stored, self._secrets.secret(id_, 1)), 201, headers)

    async def _check(self, call: Call) -> None:
        """Raises ``Refusal`` 422 that names what is wrong, 429 for too many at once."""
        body, who = call.body_as(WebhookBody), call.principal
        known = {t.removesuffix(".v1") for t in CATALOGUE} | set(CATALOGUE)
        errors = [FieldError(f"/types/{i}", "is no event type") for i, t in enumerate(body.types) if t not in known]
        try:
            with self._one_of_few(f"{who.city}/{who.who}"):
                await self._guard.checked(body.url)
        except (AddressRefusedError, OSError) as refused:
            errors.append(FieldError("/url", f"may not be called: {refused}"))
        if errors:
            raise invalid(*errors)

    @contextmanager
    def _one_of_few(self, app: str) -> Iterator[None]:
        """Limits how many requests of an app wait for a name server at the same time. Raises ``Refusal`` 429."""
        if self._looking[app] >= LOOKED_UP_AT_ONCE:
            raise too_many(f"At most {LOOKED_UP_AT_ONCE} webhooks are added at once.", retry_after=1)
        self._looking[app] += 1
        try:
            yield
        finally:
            self._looking[app] -= 1
            if not self._looking[app]:
                del self._looking[app]

    async def _active(self, call: Call, most: int) -> int:
        return await self._webhooks.count_active(call.principal.city, call.principal.who, most)

    async def list_(self, call: Call) -> Answer:
        """Active ones, and the newest of those that ended with their key."""
        who = call.principal
        if who.kind == "ops":
            found = await self._webhooks.of_city(None if who.city == EVERY_CITY else who.city, LISTED_MAX)
            return Answer(WebhookList([_of_ops(webhook) for webhook in found]))
        active = await self._webhooks.of_app(who.city, who.who, "active", WEBHOOKS_MAX)
        revoked = await self._webhooks.of_app(who.city, who.who, "revoked", WEBHOOKS_MAX)
        return Answer(WebhookList([_view(webhook) for webhook in (*active, *revoked)]))

    async def delete(self, call: Call) -> Response:
        """204, also when it is repeated."""
        webhook = await self._webhooks.own(call.principal, call.path["id"])
        await self._webhooks.end(webhook.id, "deleted")
        return Response(status_code=204)

    async def rotate(self, call: Call) -> Answer:
        """Only the first answer has the secret. Done once under a key, also if the first answer was lost in a crash."""
        key = hashlib.sha256(call.key.encode()).hexdigest()[:32]
        for _ in range(ROUNDS_MAX):
            now = real_now()
            webhook = await self._webhooks.own(call.principal, call.path["id"])
            if webhook.state != "active":
                raise conflict("ended", f"The webhook is {webhook.state}. Add another one.")
            older = webhook.older_secrets(now)
            done = next((rotation for rotation in older if rotation.key == key), None)
            if done is not None:
                return self._rotated(webhook, done)
            if len(older) >= OLDER_SECRETS_MAX:
                raise too_many(f"{OLDER_SECRETS_MAX} older secrets still hold; wait for one to end.", retry_after=3600)
            rotation = Rotation(replaces=webhook.generation, until=now + ROTATION, key=key)
            if await self._webhooks.rotate(webhook, [*older, rotation]):
                return self._rotated(webhook, rotation)
        raise unavailable("Others are rotating this secret. Repeat with the same key.", retry_after=1)

    def _rotated(self, webhook: Webhook, rotation: Rotation) -> Answer:
        about = RotatedWebhook(
            id=webhook.id,
            url=webhook.url,
            types=webhook.types,
            state=webhook.state,
            old_secret_until=rotation.until,
        )
        secret = self._secrets.secret(webhook.id, rotation.replaces + 1)
        return Answer(msgspec.structs.replace(about, secret=secret), stored_body=about)

    async def deliveries(self, call: Call) -> Answer:
        query = call.query_as(DeliveryQuery)
        limit = query.limit
        webhook = await self._webhooks.own(call.principal, call.path["id"])
        where: Document = {"webhook": webhook.id}
        if query.state is not None:
            where["state"] = query.state
        if query.cursor is not None:
            where |= beyond(query.cursor, "made_at", -1)
        found = await self._webhooks.queue.find(where, sort=[("made_at", -1), ("_id", 1)], limit=limit + 1)
        shown = found[:limit]
        following = cursor_after(shown[-1].made_at, shown[-1].id) if len(found) > limit else None
        return Answer(AppDeliveryPage([app_delivery(delivery) for delivery in shown], following))


def _too_many() -> Refusal:
    return conflict("too-many", f"An app has at most {WEBHOOKS_MAX} webhooks. Delete one.")


def _view(webhook: Webhook) -> WebhookView:
    """A webhook as the API shows it."""
    return WebhookView(id=webhook.id, url=webhook.url, types=webhook.types, state=webhook.state)


def _of_ops(webhook: Webhook) -> WebhookView:
    """With whose it is."""
    return msgspec.structs.replace(_view(webhook), app=webhook.app, city=webhook.city)


def _new(webhook: Webhook, secret: str) -> NewWebhook:
    return NewWebhook(id=webhook.id, url=webhook.url, types=webhook.types, state=webhook.state, secret=secret)
