"""Every setting of every service: ``WHISTLE_*``, each with a default that works locally."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Read once at start. ``docs/settings.md`` is made from this class and compared by a test."""

    model_config = SettingsConfigDict(env_prefix="WHISTLE_", extra="ignore", frozen=True)

    kafka: str = Field(default="127.0.0.1:8810", description="Kafka bootstrap servers, comma separated.")
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
        default="", description="Address that links in messages start with; the notifier's own by default."
    )
    reporter_url: str = Field(
        default="", description="Address that links for reporters start with; intake's own by default."
    )
    intake_url: str = Field(default="http://127.0.0.1:8801", description="Where services find intake.")
    router_url: str = Field(default="http://127.0.0.1:8802", description="Where services find the router.")
    notifier_url: str = Field(default="http://127.0.0.1:8803", description="Where services find the notifier.")
    secret: SecretStr = Field(
        default=SecretStr(""),
        description="The installation's secret, at least 32 characters: report ids, links and tokens derive from it.",
    )
    webhook_allow: str = Field(
        default="", description="Networks, comma separated, that callbacks may reach although they are internal."
    )
    key_rate: int = Field(
        default=5000,
        ge=0,
        description="Requests a second and process that a key may make, twice as many at once; each report of a batch "
        "counts. 0: no limit.",
    )
    reporter_rate: int = Field(
        default=0,
        ge=0,
        description="Reports a minute and process by one `reporter.ref` of an app (not of an importer), half as many "
        "at once. 0: no limit; `compose.yaml` sets 60.",
    )
    keys: str = Field(
        default="",
        description="Folder of the master keys that wrap people's data, for all intake processes; `keys` in "
        "`WHISTLE_DATA` by default. Never in the database's own backup.",
    )
    dev_tokens: bool = Field(
        default=False, description="Development: tokens for everybody, and a clock that can be moved."
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
        "service's name. Under the same rules as callbacks.",
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

    @property
    def keys_folder(self) -> Path:
        """Where the master keys lie."""
        return Path(self.keys) if self.keys else Path(self.data) / "keys"

    @property
    def secret_text(self) -> str:
        """The secret. Raises ``ValueError`` when it is missing or short, so that a service refuses to start."""
        text = self.secret.get_secret_value()
        if len(text) < 32:
            raise ValueError("WHISTLE_SECRET must have at least 32 characters; `whistle up` makes one.")
        return text
