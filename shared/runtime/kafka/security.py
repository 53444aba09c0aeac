"""TLS and SASL settings of the connections to Kafka, for FastStream's broker and aiokafka's clients."""

import ssl
from typing import Any

from faststream.kafka.security import parse_security
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from shared.runtime.settings import Settings

_MECHANISMS = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}


def broker_security(settings: Settings) -> BaseSecurity | None:
    """The ``security`` argument of FastStream's broker; None for PLAINTEXT.

    Raises ``OSError`` when the file of certificate authorities cannot be read.
    """
    if settings.kafka_security == "PLAINTEXT":
        return None
    tls = settings.kafka_security.endswith("SSL")
    context = ssl.create_default_context(cafile=settings.kafka_ca or None) if tls else None
    if not settings.kafka_security.startswith("SASL"):
        return BaseSecurity(ssl_context=context, use_ssl=True)
    account = _MECHANISMS[settings.kafka_mechanism]
    password = settings.kafka_password_text
    return account(username=settings.kafka_user, password=password, ssl_context=context, use_ssl=tls)


def client_security(settings: Settings) -> dict[str, Any]:
    """The same as arguments of aiokafka's clients."""
    return parse_security(broker_security(settings))
