"""Promise: `doctor` fails on work that is left undone and on what keeps people out, and says what to do about each."""

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from deploy.local.doctor import examine
from deploy.local.finding import Finding
from deploy.local.reachability import address, administrators, organisation
from deploy.local.running import LOOKS_AGAIN_AFTER, left_undone
from deploy.local.state import Board, State, hold
from deploy.main import build
from shared.runtime.identity.tokens import ops_token
from shared.runtime.settings import Settings
from tests.kit.made_provider import DISCOVERY, MadeProvider

WELL = """# TYPE whistle_parked_records gauge
whistle_parked_records{service="x"} 0.0
whistle_relay_backlog_age_seconds{service="x"} 3.0
whistle_relay_failing{service="x"} 0.0
whistle_due_cases 0.0
whistle_clock_off_seconds 0.01
whistle_webhook_open_circuits 0.0
whistle_channel_open_circuits 0.0
"""
Answers = Callable[..., None]


@pytest.fixture
def metrics(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """Sets the texts that `/metrics` answers, one after the other, the last for ever."""

    def answer(*texts: str) -> None:
        left = list(texts)
        monkeypatch.setattr(
            "deploy.local.running.httpx.get",
            lambda *_, **__: httpx.Response(200, text=left.pop(0) if len(left) > 1 else left[0]),
        )

    return answer


def found(service: str = "router") -> list[Finding]:
    return list(left_undone(service, "http://127.0.0.1:1", lambda _: None))


def test_a_service_that_has_done_its_work_is_not_complained_of(metrics: Answers) -> None:
    metrics(WELL)
    assert found() == []


@pytest.mark.parametrize(
    ("line", "check", "do"),
    [
        ('whistle_parked_records{service="x"} 2.0', "router parked", "whistle dead list"),
        ('whistle_relay_backlog_age_seconds{service="x"} 61.0', "router outbox", "Kafka"),
        ('whistle_relay_failing{service="x"} 1.0', "router outbox", "Kafka"),
        ("whistle_clock_off_seconds -0.9", "router clock", "NTP"),
        ("whistle_due_cases 4.0", "router clocks", "log of router"),
        ("whistle_webhook_open_circuits 1.0", "router webhooks", "webhook.failed"),
        ("whistle_channel_open_circuits 1.0", "router channels", "channel.failed"),
    ],
)
def test_what_is_left_undone_is_said_with_what_to_do(metrics: Answers, line: str, check: str, do: str) -> None:
    name = line.partition(" ")[0]
    others = "".join(f"{other}\n" for other in WELL.splitlines() if not other.startswith(name))
    metrics(f"{others}{line}\n")
    (one,) = found()
    assert (one.check, one.ok) == (check, False)
    assert do in one.do


@pytest.mark.parametrize("state", ["ready", "degraded"])
def test_a_degraded_service_is_asked_too_what_it_leaves_undone(metrics: Answers, tmp_path: Path, state: State) -> None:
    """With Kafka away every service is degraded; that events wait to leave is what is the matter."""
    metrics(
        WELL.replace('whistle_relay_backlog_age_seconds{service="x"} 3.0', "whistle_relay_backlog_age_seconds 90.0")
    )
    with hold(tmp_path):
        board = Board(tmp_path)
        board.enter("intake", "http://127.0.0.1:1", tmp_path / "intake.log")
        board.set("intake", state, 1)
        wrong = {one.check for one in examine(tmp_path, 20_000) if not one.ok}
    assert "intake outbox" in wrong
    assert ("intake" in wrong) is (state == "degraded")


def test_cases_that_are_due_for_a_moment_are_not_late(metrics: Answers) -> None:
    fired = "# TYPE whistle_clock_events counter\nwhistle_clock_events_total 5.0\n"
    metrics(f"{WELL}whistle_due_cases 3.0\n", f"{WELL}whistle_due_cases 2.0\n{fired}")
    waited: list[float] = []
    assert list(left_undone("router", "http://127.0.0.1:1", waited.append)) == []
    assert waited == [LOOKS_AGAIN_AFTER]


def test_a_service_that_does_not_answer_is_said() -> None:
    (one,) = left_undone("router", "http://127.0.0.1:9")
    assert (one.check, one.ok) == ("router metrics", False)


@pytest.mark.parametrize(
    ("url", "development", "ok"),
    [
        ("https://whistle.example", False, True),
        ("http://127.0.0.1:8800", True, True),
        ("http://localhost:8800", True, True),
        ("http://[::1]:8800", True, True),
        ("http://127.0.0.1:8800", False, False),
        ("http://10.1.2.3:8800", True, False),
        ("http://whistle.example", False, False),
        ("whistle.example", False, False),
        ("", False, False),
    ],
)
def test_an_address_where_people_cannot_sign_in_or_be_located_is_said(url: str, development: bool, ok: bool) -> None:
    (one,) = address(url, development=development)
    assert one.ok is ok
    assert ok or "WHISTLE_PUBLIC_URL" in one.do
    assert "secure cookie" in one.seen or not url.startswith("http://") or "127" in url or ok


def test_a_city_without_administrators_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    cities = [{"city": "harbour", "administrators": 0}, {"city": "sheyang", "administrators": 2}]

    def answer(request: httpx.Request) -> httpx.Response:
        known = request.headers["authorization"] == f"Bearer {ops_token('s' * 32, 0)}"
        return httpx.Response(200, json={"items": cities}) if known else httpx.Response(401)

    client = httpx.Client(transport=httpx.MockTransport(answer))
    monkeypatch.setattr("deploy.local.reachability.httpx.Client", lambda **_: client)
    (one,) = administrators("http://router", "s" * 32, development=False)
    assert not one.ok
    assert "harbour" in one.seen and "city.yaml" in one.do


def test_doctor_asks_the_services_on_own_servers_and_exits_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHISTLE_NOTIFIER_URL", "http://127.0.0.1:9")
    monkeypatch.delenv("WHISTLE_PUBLIC_URL", raising=False)
    told = CLI.invoke(build(), ["doctor", "--data", str(tmp_path), "--json"])
    wrong = {line["check"] for line in json.loads(told.stdout) if not line["ok"]}
    assert told.exit_code == 1
    assert {"notifier metrics", "public address"} <= wrong


def test_a_font_for_pdfs_that_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def pdf() -> Finding:
        return next(one for one in examine(tmp_path, 45_000) if one.check == "pdf")

    monkeypatch.delenv("WHISTLE_PDF_FONT", raising=False)
    assert pdf().ok
    monkeypatch.setenv("WHISTLE_PDF_FONT", str(tmp_path / "none.ttf"))
    assert not pdf().ok and "none.ttf" in pdf().do
    monkeypatch.setenv("WHISTLE_PDF_FONT", str(tmp_path))
    assert not pdf().ok and "no font in" in pdf().seen


CLI = CliRunner()


ORGANISATION = {"oidc_issuer": "https://idp.example", "oidc_client_id": "whistle"}


def at_organisation(
    monkeypatch: pytest.MonkeyPatch, made: MadeProvider | None = None, *, development: bool = False, **more: str
) -> list[Finding]:
    """What is said of a provider; without ``made`` it is asked as it is."""
    if made is not None:
        monkeypatch.setattr("deploy.local.reachability.Provider", lambda *_: made.provider())
    settings = Settings.model_validate({"public_url": "https://whistle.example", **ORGANISATION, **more})
    return list(organisation(settings, development=development))


def test_a_provider_that_answers_is_well_and_the_address_to_be_registered_there_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (one,) = at_organisation(monkeypatch, MadeProvider())
    assert one.ok and one.seen.endswith(": https://whistle.example/signin/sso/back")


def test_without_a_provider_nothing_is_said_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert at_organisation(monkeypatch, oidc_issuer="") == []


@pytest.mark.parametrize("public_url", ["", "http://whistle.example", "http://127.0.0.1:8800"])
def test_a_provider_cannot_lead_people_back_without_https(monkeypatch: pytest.MonkeyPatch, public_url: str) -> None:
    (one,) = at_organisation(monkeypatch, MadeProvider(), public_url=public_url)
    assert not one.ok and "WHISTLE_PUBLIC_URL" in one.seen
    (here,) = at_organisation(monkeypatch, MadeProvider(), public_url="http://127.0.0.1:8800", development=True)
    assert here.ok


def test_a_provider_that_is_away_or_another_one_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    (away,) = at_organisation(monkeypatch, MadeProvider(away={"/keys"}))
    assert not away.ok and "WHISTLE_OIDC_ISSUER" in away.do
    (other,) = at_organisation(monkeypatch, MadeProvider(discovery={**DISCOVERY, "issuer": "https://idp.example/"}))
    assert not other.ok and "of another issuer" in other.seen


def test_a_provider_at_an_internal_address_needs_its_network_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    (one,) = at_organisation(monkeypatch, oidc_issuer="http://127.0.0.1:9")
    assert not one.ok and "internal" in one.seen and "WHISTLE_WEBHOOK_ALLOW" in one.do
    (allowed,) = at_organisation(monkeypatch, oidc_issuer="http://127.0.0.1:9", webhook_allow="127.0.0.0/8")
    assert not allowed.ok and "internal" not in allowed.seen


@pytest.mark.parametrize("wrong", [{"oidc_client_id": ""}, {"oidc_scope": "profile"}])
def test_an_issuer_needs_a_client_and_the_scope_of_openid(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="WHISTLE_OIDC_CLIENT_ID"):
        Settings.model_validate({**ORGANISATION, **wrong})
