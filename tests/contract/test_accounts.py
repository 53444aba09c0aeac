"""The rights of the services' accounts are those that their work needs."""

from deploy.local.security.accounts import CONSUMES
from shared.contracts.catalogue import topic_of_lane
from tests.contract.documents import services


def test_accounts_may_read_what_services_consume_and_nothing_else() -> None:
    consumed = {
        name: {topic_of_lane(consumer.topic) for consumer in service.consumers} for name, service in services().items()
    }
    consumed["router"].add("cases")  # live queues follow it without a group
    assert consumed == {name: set(topics) for name, topics in CONSUMES.items()}
