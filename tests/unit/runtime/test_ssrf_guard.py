"""Where callbacks may go: no spelling and no trick leads inside."""

from collections.abc import Sequence

import httpx
import pytest

from shared.runtime.http_client.ssrf_guard import URL_MAX, AddressRefusedError, Guard

PUBLIC, PUBLIC_6 = "93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"


class Resolver:
    """Answers in turn; the last one stays."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def guard(*answers: Sequence[str], allow: str = "") -> Guard:
    return Guard(allow, Resolver(*(answers or ([PUBLIC],))))


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "0x7f000001",
        "2130706433",
        "017700000001",
        "0",
        "0.0.0.0",  # noqa: S104 - an address to refuse
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "0xa9fea9fe",
        "100.64.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::ffff:169.254.169.254]",
        "[::127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[64:ff9b::a9fe:a9fe]",
        "[64:ff9b:1::10.0.0.1]",
        "[2002:7f00:1::]",
        "[2002:a9fe:a9fe::1]",
        "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
        "[fc00::1]",
        "[fd12:3456::1]",
        "[fe80::1]",
        "[fec0::1]",
        "[ff02::1]",
        "[2001:db8::1]",
        "[100::1]",
    ],
)
async def test_an_internal_address_is_refused_in_every_spelling(host: str) -> None:
    with pytest.raises(AddressRefusedError):
        await guard().checked(f"https://{host}/hook")


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "100.64.0.9", "::1", "fe80::1%eth0"])
async def test_a_name_that_resolves_inside_is_refused(address: str) -> None:
    with pytest.raises(AddressRefusedError):
        await guard([address]).checked("https://hooks.example.com/x")


async def test_one_internal_address_among_public_ones_is_enough_to_refuse() -> None:
    with pytest.raises(AddressRefusedError):
        await guard([PUBLIC, "10.0.0.1"]).checked("https://hooks.example.com/x")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://hooks.example.com/x", "only https"),
        ("file:///etc/passwd", "only https"),
        ("gopher://hooks.example.com/_x", "only https"),
        ("ftp://hooks.example.com/", "only https"),
        ("javascript:alert(1)", "only https"),
        ("//hooks.example.com/x", "only https"),
        ("https://", "only https"),
        ("", "only https"),
        ("https://hooks.example.com:8443/x", "only port 443"),
        ("https://hooks.example.com:22/x", "only port 443"),
        ("https://user@hooks.example.com/x", "no user name"),
        ("https://user:pass@hooks.example.com/x", "no user name"),
        ("https://hooks.example.com@127.0.0.1/x", "no user name"),
        ("https://hooks.example.com/a b", "not an address"),
        ("https://hooks.example.com/\r\nHost: inside", "not an address"),
        ("https://hooks.example.com/\x00", "not an address"),
        ("https://hooks.example.com/" + "x" * URL_MAX, "not an address"),
        ("https://hooks.example.com:99999/x", "only port 443"),
    ],
)
async def test_what_is_no_plain_https_address_is_refused_and_says_why(url: str, says: str) -> None:
    with pytest.raises(AddressRefusedError, match=says):
        await guard().checked(url)


async def test_a_name_without_an_address_is_refused() -> None:
    with pytest.raises(AddressRefusedError, match="no address"):
        await guard([]).checked("https://hooks.example.com/x")


async def test_the_checked_address_is_the_one_connected_to_with_the_names_own_tls() -> None:
    target = await guard([PUBLIC]).checked("https://hooks.example.com/x?y=1")
    assert target.url == f"https://{PUBLIC}/x?y=1"
    assert target.headers == {"host": "hooks.example.com"}
    assert target.extensions == {"sni_hostname": "hooks.example.com"}


async def test_a_second_answer_of_the_resolver_changes_nothing() -> None:
    resolver = Resolver([PUBLIC], ["127.0.0.1"])
    target = await Guard("", resolver).checked("https://rebind.example.com/x")
    seen: list[str] = []

    def receive(request: httpx.Request) -> httpx.Response:
        seen.append(f"{request.url.host} {request.headers['host']}")
        return httpx.Response(204)

    async with httpx.AsyncClient(transport=httpx.MockTransport(receive)) as client:
        await client.post(target.url, headers=dict(target.headers), extensions=dict(target.extensions))
    assert seen == [f"{PUBLIC} rebind.example.com"]
    assert resolver.asked == [("rebind.example.com", 443)]
    with pytest.raises(AddressRefusedError):
        await Guard("", resolver).checked("https://rebind.example.com/x")


async def test_an_ipv6_address_is_bracketed() -> None:
    assert (await guard([PUBLIC_6]).checked("https://hooks.example.com/x")).url == f"https://[{PUBLIC_6}]/x"


@pytest.mark.parametrize("host", [PUBLIC, f"[{PUBLIC_6}]", "[64:ff9b::5db8:d70e]"])
async def test_a_public_address_is_taken_as_it_is(host: str) -> None:
    assert (await guard().checked(f"https://{host}/x")).url.startswith("https://")


async def test_an_allowed_network_may_be_internal_plain_and_on_any_port() -> None:
    allowed = guard(["127.0.0.1"], allow="127.0.0.0/8, 10.9.0.0/16")
    assert (await allowed.checked("http://localhost:8123/x")).url == "http://127.0.0.1:8123/x"
    assert (await allowed.checked("http://[::ffff:127.0.0.1]:8123/x")).url.startswith("http://")
    assert (await allowed.checked("http://10.9.1.1/x")).headers == {"host": "10.9.1.1"}
    for outside in ("http://10.8.0.1/x", "http://169.254.169.254/x", f"http://{PUBLIC}/x"):
        with pytest.raises(AddressRefusedError):
            await allowed.checked(outside)


def test_a_network_that_is_none_is_said_at_the_start() -> None:
    with pytest.raises(ValueError, match="does not appear"):
        Guard("everything")


async def test_by_default_nothing_internal_is_allowed() -> None:
    with pytest.raises(AddressRefusedError):
        await guard(["127.0.0.1"]).checked("https://localhost/x")
