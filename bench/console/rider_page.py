"""The rider's page on a slow network, and what a photo of twelve megapixels is when it is sent."""

import io
import statistics

from PIL import Image
from playwright.async_api import Browser, FilePayload
from pydantic import SecretStr

from bench.console.browser import PHONE, becomes, page_of
from bench.console.made_desk import made_desk
from bench.report import Row
from shared.runtime.settings import Settings
from tests.kit.made_riders import APP_KEY, MadeRiders
from tests.kit.made_router import MadeRouter

KBITS, LATENCY_MS = 400, 400
LOADS = 3
REACH = {"rider at 400 kbit/s, 400 ms: usable after": "≤ 2", "rider: photo as it is sent": "≤ 400"}
READY = """new Promise(done => {
  const look = () => document.documentElement?.dataset.ready ? done(performance.now()) : setTimeout(look, 10);
  look();
})"""


async def rider_page(browser: Browser, seconds: float) -> list[Row]:
    """The median of three first visits. ``seconds``: as they are."""
    riders = MadeRiders(MadeRouter())
    usable: list[float] = []
    async with made_desk(riders, Settings(rider_key=SecretStr(APP_KEY))) as desk:
        for _ in range(LOADS):
            async with page_of(browser, desk.url, size=PHONE) as page:
                cdp = await page.context.new_cdp_session(page)
                await cdp.send("Network.enable")
                rate = KBITS * 1000 / 8
                network = {
                    "offline": False,
                    "latency": LATENCY_MS,
                    "downloadThroughput": rate,
                    "uploadThroughput": rate,
                }
                await cdp.send("Network.emulateNetworkConditions", network)
                await page.goto("/r", wait_until="commit")
                usable.append(await page.evaluate(READY))
        async with page_of(browser, desk.url, size=PHONE) as page:
            await page.goto("/r")
            await page.evaluate(READY)
            await page.locator("#may_photo").check()
            await page.locator("#photo").set_input_files(_photo())
            await becomes(page, "document.getElementById('shots').textContent.includes('已上传')", within=120)
        sent = max(len(photo) for photo in riders.photos.values())
    return [
        ("rider at 400 kbit/s, 400 ms: usable after", statistics.median(usable) / 1000, "s"),
        ("rider: photo as it is sent", sent / 1000, "kB"),
    ]


def _photo() -> FilePayload:
    """As a telephone takes it, with much in it."""
    out = io.BytesIO()
    Image.effect_noise((4000, 3000), 60).convert("RGB").save(out, "JPEG", quality=92)
    return FilePayload(name="photo.jpg", mimeType="image/jpeg", buffer=out.getvalue())
