"""Every setting of every service: ``WHISTLE_*``, each with a default that works locally."""

import hmac
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import AwareDatetime, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """The settings, read once at start. ``docs/settings.md`` is generated from this class; a test compares them."""

    model_config = SettingsConfigDict(env_prefix="WHISTLE_", extra="ignore", frozen=True)

    kafka: str = Field(default="127.0.0.1:8810", description="Kafka bootstrap servers, comma separated.")
    kafka_security: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        default="PLAINTEXT", description="How Kafka is spoken to: with TLS, with an account, with both, or neither."
    )
    kafka_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        default="SCRAM-SHA-512", description="How the account is proved; PLAIN over TLS only."
    )
    kafka_user: str = Field(default="", description="The account on Kafka, one for each service.")
    kafka_password: SecretStr = Field(default=SecretStr(""), description="Its password.")
    kafka_ca: str = Field(
        default="",
        description="File (PEM) of the authorities that Kafka's certificates are checked against; empty: the system's.",
    )
    mongo: str = Field(
        default="mongodb://127.0.0.1:8811/?replicaSet=rs0",
        description="MongoDB URI; a replica set. Write concern, journal and time-outs are set by Whistle.",
    )
    mongo_driver: Literal["pymongo", "motor"] = Field(
        default="pymongo", description="Which client the MongoDB seam uses; `motor` needs the extra of that name."
    )
    namespace: str = Field(default="whistle", description="Prefix of topics, consumer groups and databases.")
    data: str = Field(default=".data", description="Folder of local servers, logs and tokens.")
    city: str = Field(default="", description="City id that `whistle` commands mean when none is named.")
    log: Literal["json", "console"] = Field(default="console", description="Log lines as JSON or for a person.")
    host: str = Field(default="127.0.0.1", description="Address that a service listens on.")
    port: int = Field(default=0, description="Port that a service listens on; 0 takes the service's own default.")
    public_url: str = Field(
        default="",
        description="The one public address, the console's: links in messages and invitations start with it. By "
        "default the notifier's own.",
    )
    tls_cert: str = Field(
        default="", description="File (PEM) of the certificate with which a service answers https; empty: http."
    )
    tls_key: str = Field(default="", description="File (PEM) of its key.")
    trusted_proxies: str = Field(
        default="",
        description="Addresses or networks, comma separated, of proxies whose `X-Forwarded-For` and `-Proto` are "
        "believed: without it a county behind one proxy is one client to the limit of failed sign-ins.",
    )
    console_url: str = Field(default="http://127.0.0.1:8800", description="Where the console is found.")
    reporter_url: str = Field(
        default="",
        description="Address that links for reporters start with; by default `WHISTLE_PUBLIC_URL`, else intake's own.",
    )
    rider_key: SecretStr = Field(
        default=SecretStr(""),
        description="Key of the installation's own rider app: with it anybody may report on the rider's page `/r` "
        "without an app of his own. Empty: only who comes by an address that an app asked for.",
    )
    pdf_font: str = Field(
        default="",
        description="File or folder with a font of the city's language: with it, and with the extra `pdf`, the console "
        "makes PDFs of cases. Empty: it makes none.",
    )
    intake_url: str = Field(default="http://127.0.0.1:8801", description="Where services find intake.")
    router_url: str = Field(default="http://127.0.0.1:8802", description="Where services find the router.")
    notifier_url: str = Field(default="http://127.0.0.1:8803", description="Where services find the notifier.")
    secret: SecretStr = Field(
        default=SecretStr(""),
        description="The installation's secret, at least 32 characters: report ids, links and tokens derive from it.",
    )
    webhook_allow: str = Field(
        default="",
        description="Networks, comma separated, that outgoing requests (webhooks, channels, heartbeat) may reach "
        "although they are internal.",
    )
    key_rate: int = Field(
        default=5000,
        ge=0,
        description="Rate limit per key, in requests per second for each process; the burst is twice the rate. Each "
        "report of a batch counts. 0: no limit.",
    )
    reporter_rate: int = Field(
        default=0,
        ge=0,
        description="Rate limit per `reporter.ref` of an app (not of an importer), in reports per minute for each "
        "process; the burst is half the rate. 0: no limit; `compose.yaml` sets 60.",
    )
    photo_rate: int = Field(
        default=240,
        ge=0,
        le=1_000_000,
        description="Rate limit per key, in MiB of photos per minute for each process; the burst is twice the rate. "
        "0: no limit.",
    )
    idle_minutes: int = Field(
        default=30,
        ge=0,
        le=12 * 60,
        description="Minutes without an act after which somebody who signed in at a shared computer is asked for the "
        "PIN; 0: not before the session ends.",
    )
    oidc_issuer: str = Field(
        default="",
        description="The organisation's sign-in (OpenID Connect): its issuer, exactly as its discovery document says. "
        "Empty: people sign in with passwords, PINs and links alone. Under the rules for outgoing requests "
        "(`WHISTLE_WEBHOOK_ALLOW`).",
    )
    oidc_client_id: str = Field(default="", description="What this installation is called there.")
    oidc_client_secret: SecretStr = Field(
        default=SecretStr(""), description="Its secret there; empty: a public client, by PKCE alone."
    )
    oidc_scope: str = Field(default="openid profile", description="Scopes that are asked for; `openid` among them.")
    oidc_claim: str = Field(
        default="preferred_username",
        pattern=r"^[^\s\"\\]{1,100}$",
        description="Claim of the ID token that names the person: an id of the pack, or `city/id`.",
    )
    oidc_city: str = Field(
        default="",
        description="The one city whose people sign in by it. Empty: the city that the claim names; a claim that names "
        "none means the only city that is loaded.",
    )
    streams: int = Field(
        default=2000, ge=1, description="Live queues that may be followed at the same time, for each process."
    )
    streams_each: int = Field(
        default=10, ge=1, description="Live queues that one person may follow at the same time, for each process."
    )
    import_days: int = Field(
        default=7,
        ge=0,
        description="Days back that an importer's `received_at` may lie; what is older must be `historic`, so that "
        "nobody is told of it as if it were new.",
    )
    keys: str = Field(
        default="",
        description="Folder of the master keys that wrap people's data, for all intake processes; `keys` in "
        "`WHISTLE_DATA` by default. Never in the database's own backup.",
    )
    dev_tokens: bool = Field(
        default=False, description="Development: tokens for everybody, and a clock that can be moved."
    )
    test_at: AwareDatetime | None = Field(
        default=None,
        description="Development: when the stack's clock begins, with a zone (`2026-06-10T10:00+02:00`), at the first "
        "start on its data; it runs on from there. Refused without development tokens. Empty: real time.",
    )
    photo_store: str = Field(
        default="",
        pattern=r"^(s3://[a-z0-9][a-z0-9.-]+(/[\w./-]*)?)?$",
        description="Where intake keeps photos: empty for MongoDB, or `s3://bucket/prefix`; endpoint and keys by the "
        "usual `AWS_*` variables.",
    )
    heartbeat_url: str = Field(
        default="",
        description="Address that each service POSTs to every minute while it is well; `{service}` in it becomes the "
        "service's name. Under the rules for outgoing requests (`WHISTLE_WEBHOOK_ALLOW`).",
    )
    otel_endpoint: str = Field(
        default="",
        validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT",
        description="OpenTelemetry collector (OTLP over HTTP) for traces; other `OTEL_*` settings hold as well. Empty: "
        "no traces, no cost.",
    )
    replication: int = Field(
        default=1, description="Replicas of each topic; min.insync.replicas is one less, at least 1."
    )

    @model_validator(mode="after")
    def _kafka_account(self) -> Self:
        """An account needs a name and a password, and neither crosses a network in the clear."""
        if self.kafka_security.startswith("SASL") and not (self.kafka_user and self.kafka_password_text):
            raise ValueError(f"WHISTLE_KAFKA_SECURITY={self.kafka_security} needs WHISTLE_KAFKA_USER and _PASSWORD")
        if self.kafka_security == "SASL_PLAINTEXT" and self.kafka_mechanism == "PLAIN":
            raise ValueError("WHISTLE_KAFKA_MECHANISM=PLAIN sends the password as it is: use SASL_SSL or SCRAM")
        return self

    @model_validator(mode="after")
    def _client_of_the_issuer(self) -> Self:
        if self.oidc_issuer and not (self.oidc_client_id and "openid" in self.oidc_scope.split()):
            raise ValueError("WHISTLE_OIDC_ISSUER needs WHISTLE_OIDC_CLIENT_ID, and `openid` in WHISTLE_OIDC_SCOPE")
        return self

    @property
    def oidc_secret_text(self) -> str:
        """This installation's secret at the organisation's sign-in; empty where it has none."""
        return self.oidc_client_secret.get_secret_value()

    @property
    def kafka_password_text(self) -> str:
        """The account's password on Kafka."""
        return self.kafka_password.get_secret_value()

    @field_validator("test_at", mode="before")
    @classmethod
    def _empty_is_none(cls, given: Any) -> Any:
        return None if given == "" else given

    @model_validator(mode="after")
    def _test_time_is_for_development(self) -> "Settings":
        if self.test_at is not None and not self.dev_tokens:
            raise ValueError("WHISTLE_TEST_AT is for development: it needs WHISTLE_DEV_TOKENS=1.")
        return self

    @property
    def reporter_address(self) -> str:
        """The address that links for reporters start with."""
        return self.reporter_url or self.public_url or self.intake_url

    @property
    def keys_folder(self) -> Path:
        """The folder of the master keys."""
        return Path(self.keys) if self.keys else Path(self.data) / "keys"

    @property
    def rider_key_text(self) -> str:
        """The key of the installation's own rider app; empty where it has none."""
        return self.rider_key.get_secret_value()

    @property
    def cookie_key(self) -> bytes:
        """What the console signs what it keeps in a browser with; derived from the secret."""
        return hmac.digest(self.secret.get_secret_value().encode(), b"whistle console cookies", "sha256")

    @property
    def secret_text(self) -> str:
        """The secret. Raises ``ValueError`` when it is missing or short, so that a service refuses to start."""
        text = self.secret.get_secret_value()
        if len(text) < 32:
            raise ValueError("WHISTLE_SECRET must have at least 32 characters; `whistle up` makes one.")
        return text
