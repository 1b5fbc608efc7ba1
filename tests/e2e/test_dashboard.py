"""The dashboard renders in a real browser, wide and narrow."""

from pathlib import Path

from playwright.async_api import Browser
import pytest

from harness.bare import ROOT
from harness.browser import visit
from harness.stack import DASHBOARD, Stack

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]

PICTURES = ROOT / "build" / "screenshots"


@pytest.mark.parametrize(
    ("width", "height"), [(1280, 800), (390, 844)], ids=["wide", "narrow"]
)
async def test_dashboard_renders_without_a_fault(
    stack: Stack, browser: Browser, width: int, height: int
) -> None:
    # "/" also shows that the dashboard is what Home Assistant opens on.
    async with visit(
        browser, stack.home.url, stack.home.token, "/", width=width, height=height
    ) as page:
        tiles = await page.wait_for("hui-tile-card")
        await page.settle()
        picture = PICTURES / f"dashboard-{width}.png"
        await page.save_picture(picture)

        assert Path(page.page.url.removeprefix(stack.home.url)).parts[1] == DASHBOARD
        assert await tiles.count() >= 5
        assert await page.inspect() == []
    assert picture.stat().st_size > 10_000
