"""The dashboard renders in a real browser, wide and narrow, and moves a Powerwall."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
import re
from typing import Any

from playwright.async_api import Browser, Locator
import pytest
import pytest_asyncio

from harness.bare import ROOT
from harness.browser import Visit, visit
from harness.stack import DASHBOARD, DOMAIN, Stack

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]

PICTURES = ROOT / "build" / "screenshots"
POWERWALL = f"/{DASHBOARD}/powerwall"
PATIENCE = 60.0
FORCED = "PowerSync force discharge"
STOP = "Stop, and restore my settings"


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


@pytest.fixture
def tariff_name(stack: Stack) -> Callable[[], Awaitable[str]]:
    """Return a function that asks the Tesla cloud which tariff the Powerwall has."""

    async def ask() -> str:
        uploads = await stack.services.uploads()
        if not uploads:
            return "its owner's"
        info = await stack.services.site_info(uploads[-1].site_id)
        return str(info["tariff_content_v2"]["name"])

    return ask


@pytest_asyncio.fixture(loop_scope="session")
async def unforced(stack: Stack) -> AsyncIterator[None]:
    """Leave the Powerwall to the prices, whatever a test did to it."""
    yield
    await stack.home.request("POST", f"/api/services/{DOMAIN}/restore", {})


def tile(page: Visit, name: str) -> Locator:
    """Return the tile with a name."""
    return page.page.locator("hui-tile-card").filter(
        has=page.page.get_by_text(name, exact=True)
    )


async def until(question: Callable[[], Awaitable[Any]], answer: object) -> None:
    """Wait until a question has an answer."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if await question() == answer:
                return
            await asyncio.sleep(0.3)


@pytest.mark.parametrize(
    ("width", "height"), [(1280, 800), (390, 844)], ids=["wide", "narrow"]
)
@pytest.mark.usefixtures("unforced")
async def test_force_discharge_from_the_page(
    stack: Stack,
    browser: Browser,
    tariff_name: Callable[[], Awaitable[str]],
    width: int,
    height: int,
) -> None:
    """Covers B-09 and U-02: a press moves the Powerwall, another gives it back."""
    await until(tariff_name, "PowerSync")
    async with visit(
        browser, stack.home.url, stack.home.token, POWERWALL, width=width, height=height
    ) as page:
        await page.wait_for("hui-tile-card")
        await page.wait_for("power-sync-decisions li")
        await page.settle()
        assert not await tile(page, "Running").is_visible()
        moved = page.page.locator("power-sync-decisions li li").filter(
            has_text=f"→ {FORCED}"
        )
        before = await moved.count()

        await tile(page, "Force discharge").click()
        await until(tariff_name, FORCED)
        running = tile(page, "Running")
        await running.wait_for()
        shown = await running.filter(has_text=re.compile(r"Discharge.*(59|60)")).count()
        assert shown == 1, "what is done, and for how many minutes"
        # Also what the tariff was before, who lost, and what became of it.
        await until(moved.count, before + 1)
        told = re.sub(r"\s+", " ", await moved.first.inner_text())
        assert told.startswith(f"Tariff PowerSync → {FORCED}")
        assert "instead of Price sync" in told
        assert re.search(r"\b(Sent|Not applied)\b", told)
        await page.settle()
        await page.save_picture(PICTURES / f"powerwall-{width}.png")
        assert await page.inspect() == []

        await tile(page, STOP).click()
        await running.wait_for(state="hidden")
        await until(tariff_name, "PowerSync")
        assert await page.inspect() == []
