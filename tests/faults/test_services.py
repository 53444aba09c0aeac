"""F2 to F10, F36 and F42: services that die at the worst places, stand still, come and go."""

import os
import signal
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from deploy.demo.photo import jpeg
from tests.faults import kafka_tools
from tests.faults.cluster import Cluster
from tests.faults.fault import SERVICES, Note, lasting, under_load
from tests.faults.scenarios import pressed_as_clocks_run_out
from tests.kit.stack import Person, until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]
SENDERS = 6
HERE = {"lon": 4.32, "lat": 52.12, "crs": "wgs84"}


def test_f2_f5_f7_processes_that_die_between_two_steps(cluster: Cluster, seed: int, note: Note) -> None:
    with under_load(cluster, seed, note) as load:
        cluster.dies("intake", "intake-dies-after-the-commit")
        cluster.dies("router", "router-dies-after-the-insert")
        cluster.dies("router", "router-dies-before-clearing")
        load.go_on_for(20)


def test_f3_every_photo_of_a_report_is_there(cluster: Cluster, seed: int, note: Note) -> None:
    rider = cluster.stack.rider()
    with under_load(cluster, seed, note), ThreadPoolExecutor(SENDERS) as senders:
        first = [senders.submit(_report_with_photo, rider, n) for n in range(SENDERS)]
        cluster.dies("intake", "intake-dies-after-a-photo")
        photos = [sent.result() for sent in first]
        more = [senders.submit(_report_with_photo, rider, n) for n in range(SENDERS)]
        cluster.dies("intake", "intake-dies-after-a-claim")
        photos += [sent.result() for sent in more]
    until(lambda: all(_shown(rider, photo) for photo in photos), within=120, what="every photo")


def _shown(rider: Person, photo: str) -> bool:
    return rider.get("intake", f"/v1/photos/{photo}").status_code == 200


def _report_with_photo(rider: Person, number: int) -> str:
    """The photo of a report that was accepted, however often both had to be sent."""
    picture = jpeg((number, 90, 90), (200, number, 0))
    photo = _repeated(lambda key: rider.send_photo(picture, key=key), 201)
    _repeated(lambda key: rider.report("a lamp is dark", HERE, photos=[photo], key=key), 202)
    return photo


def _repeated(send: Callable[[str], httpx.Response], wanted: int) -> str:
    key = uuid.uuid4().hex

    def answered() -> str | None:
        answer = send(key)
        assert answer.status_code in (wanted, 503), answer.text
        return str(answer.json()["id"]) if answer.status_code == wanted else None

    return until(answered, within=120, what=f"an answer {wanted}")


def test_f8_a_router_that_stood_still_goes_on_after_another_took_over(cluster: Cluster, seed: int, note: Note) -> None:
    with under_load(cluster, seed, note) as load:
        cluster.another("router")
        with cluster.stopped("router"):
            load.during(lasting(20, 60))
            load.go_on_for(20)
        load.go_on_for(20)


def test_f9_every_service_is_restarted_in_turn(cluster: Cluster, seed: int, note: Note) -> None:
    with under_load(cluster, seed, note) as load:
        for service in (*SERVICES, *SERVICES):
            load.caught()
            ended = cluster.stack.pid(service)
            os.kill(ended, signal.SIGTERM)
            cluster.back(service, ended)


def test_f10_members_come_and_go_every_few_seconds(cluster: Cluster, seed: int, note: Note) -> None:
    with under_load(cluster, seed, note) as load:
        times = round(lasting(4, 12))
        for group, topic in (("router.reports", "reports"), ("notifier.cases", "cases")):
            kafka_tools.comes_and_goes(cluster, group, topic, times=times, seconds=2.5)
        load.go_on_for(20)


def test_f36_an_officer_and_a_clock_at_the_same_moment(cluster: Cluster, seed: int, note: Note) -> None:
    with under_load(cluster, seed, note) as load:
        pressed_as_clocks_run_out(cluster, load)


def test_f42_a_service_whose_loop_stands_still_is_replaced(cluster: Cluster, seed: int, note: Note) -> None:
    with under_load(cluster, seed, note) as load:
        for service in ("router", "intake"):
            cluster.dies(service, f"{service}-blocks")
        load.go_on_for(20)
