"""A link's page as a telephone without script has it: what it says, what can be pressed, and the press."""

import re
from dataclasses import dataclass
from html import unescape

import httpx


@dataclass(frozen=True)
class LinkPage:
    """One answer at a link's address."""

    address: str
    status: int
    text: str

    @property
    def steps(self) -> list[str]:
        """What can be pressed, in the order of the page."""
        return re.findall(r'name="do" value="([^"]+)"', self.text)

    @property
    def version(self) -> str:
        found = re.search(r'name="version" value="(\d+)"', self.text)
        assert found is not None, self.text
        return found[1]

    @property
    def said(self) -> str:
        """What came of the press; empty when nothing was pressed."""
        found = re.search(r'<p class="said[^>]*>([^<]*)<', self.text)
        return found[1] if found is not None else ""

    def press(self, do: str, photo: bytes | None = None, **fields: str) -> "LinkPage":
        """The form of that step, filled in and sent as it stands on this page."""
        assert do in self.steps, f"{do} is none of {self.steps}"
        return sent(self.address, {"do": do, "version": self.version, **fields}, photo)


def looked_at(address: str) -> LinkPage:
    return _page(address, httpx.get(address, timeout=30))


def sent(address: str, fields: dict[str, str], photo: bytes | None = None) -> LinkPage:
    files = {"photo": ("photo.jpg", photo, "image/jpeg")} if photo is not None else None
    return _page(address, httpx.post(address, data=fields, files=files, timeout=30))


def _page(address: str, answer: httpx.Response) -> LinkPage:
    return LinkPage(address, answer.status_code, unescape(answer.text))
