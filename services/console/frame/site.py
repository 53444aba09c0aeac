"""What all pages share: the services behind them, templates, built files, the links of the frame."""

import contextlib
import hmac
from collections.abc import Hashable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.console.frame.built_files import BuiltFiles
from services.console.frame.city_names import CityNames
from services.console.frame.languages import LANGUAGES, Code, Language
from services.console.frame.navigation import NavLink
from services.console.frame.presence import Presence
from services.console.live.feed import Feed
from services.console.rider_client import RiderServices
from services.console.router_client import Services
from services.console.sign_in_client import DevelopmentCalls, LinkCalls, Offered, SignInCalls, SsoCalls
from services.console.typesetting import Typesetter
from shared.kernel.errors import Refusal
from shared.kernel.ids import Ids

TEMPLATES = Path(__file__).parent.parent / "templates"
PARTS_MAX = 5000
"""About a kilobyte each."""
NOTICE_KEPT = timedelta(minutes=1)


class Site:
    """``links``: of all pages. ``ids``: random digits for the keys of forms. ``riders``: the services as riders ask
    them. ``feed``: what changes, as it comes; ``names``: of cities. ``cookie_key``: signs what a browser keeps.
    ``development``: signing in as anybody, where that is allowed."""

    def __init__(
        self,
        services: Services,
        built: BuiltFiles,
        ids: Ids,
        links: tuple[NavLink, ...] = (),
        *,
        riders: RiderServices,
        cookie_key: bytes,
        typesetter: Typesetter | None = None,
        development: DevelopmentCalls | None = None,
    ) -> None:
        self.services = services
        self.sign_in = SignInCalls(services)
        self.login_links = LinkCalls(services)
        self.sso = SsoCalls(services)
        self.presence = Presence(self.sign_in)
        self.development = development
        self.riders = riders
        self.typesetter = typesetter or Typesetter("")
        self.built = built
        self.ids = ids
        self.links = links
        self.feed = Feed(ids)
        self.names = CityNames(services, self.feed)
        self._signing = cookie_key
        self._templates: Mapping[Code, Environment] = {c: _environment(one, built) for c, one in LANGUAGES.items()}
        self._parts: dict[Hashable, str] = {}
        self._notices: dict[str, tuple[datetime, bool]] = {}
        self._offered = Offered()

    def render(self, language: Language, template: str, values: Mapping[str, Any], *, part: str = "") -> str:
        """The page, or only its block ``part``."""
        found = self._templates[language.code].get_template(template)
        if not part:
            return found.render(values)
        return "".join(found.blocks[part](found.new_context(dict(values))))

    def part(self, language: Language, template: str, **values: Hashable) -> str:
        """HTML of a small part that says the same wherever it stands: made once, for all who read it."""
        key = (language.code, template, *values.items())
        found = self._parts.get(key)
        if found is None:
            if len(self._parts) >= PARTS_MAX:
                self._parts.clear()
            found = self._parts[key] = self.render(language, template, values).strip()
        return found

    def signed(self, value: str) -> str:
        """A cookie's value that only this installation can have made."""
        return f"{self._mac(value)}.{value}"

    def unsigned(self, cookie: str) -> str:
        """The value, or nothing where it was not signed here."""
        mac, _, value = cookie.partition(".")
        return value if hmac.compare_digest(mac.encode(), self._mac(value).encode()) else ""

    def _mac(self, value: str) -> str:
        return hmac.digest(self._signing, value.encode(), "sha256").hex()[:32]

    async def demonstrates(self, token: str, city: str, now: datetime) -> bool:
        """Whether the city only demonstrates; asked once a minute. Raises ``Refusal``."""
        asked, shows = self._notices.get(city, (None, False))
        if asked is None or not timedelta(0) <= now - asked < NOTICE_KEPT:
            shows = (await self.services.categories(token)).notice is not None
            self._notices[city] = (now, shows)
        return shows

    async def offered(self) -> Offered:
        """What signing in has for everybody; as it was last where the router does not answer."""
        with contextlib.suppress(Refusal):
            self._offered = await self.sign_in.offered()
        return self._offered


def _environment(language: Language, built: BuiltFiles) -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.install_gettext_translations(language.translations, newstyle=True)  # type: ignore[attr-defined]
    made.globals.update(built=built.url, language=language)
    return made
