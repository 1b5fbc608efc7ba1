"""A demo for all end-to-end tests, one to be spoiled by them, and a browser."""

from collections.abc import AsyncIterator
from dataclasses import replace
import os
from pathlib import Path

from homeassistant.const import MAJOR_VERSION, MINOR_VERSION
from playwright.async_api import Browser
import pytest
import pytest_asyncio

from harness.bare import ROOT
from harness.browser import chromium
from harness.process import free_port
from harness.stack import DOMAIN, Stack, keep_logs, running_stack, set_up_home

from .support import arrived, remove, repair


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip in the other environment, whose Home Assistant is older than the demo's."""
    if (MAJOR_VERSION, MINOR_VERSION) < (2026, 11):
        skip = pytest.mark.skip(reason="run scripts/test tests/e2e")
        for item in items:
            if item.path.is_relative_to(Path(__file__).parent):
                item.add_marker(skip)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """Run everything that `scripts/demo` does, on free ports."""
    folder: Path = tmp_path_factory.mktemp("demo")
    async with running_stack(folder, free_port()) as running:
        yield running
    keep_logs(folder, ROOT / "build" / "e2e")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def spare(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """Run another one, whose home comes and goes."""
    folder: Path = tmp_path_factory.mktemp("spare")
    async with running_stack(folder, free_port()) as running:
        await remove(running, running.entry["entry_id"])
        yield running
    keep_logs(folder, ROOT / "build" / "e2e" / "spare")


@pytest_asyncio.fixture(loop_scope="session")
async def house(spare: Stack) -> AsyncIterator[Stack]:
    """A home of one's own with a tariff of ours; anything may be done to it."""
    own = replace(spare, entry=await set_up_home(spare.services, spare.home))
    await arrived(own)
    yield own
    await repair(spare.services)
    for entry in await spare.home.command("config_entries/get", domain=DOMAIN):
        await remove(spare, entry["entry_id"])


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A Chromium; where there is none, skip, but not where all must have run."""
    executable = os.environ.get("CHROMIUM")
    if not executable:
        reason = "no Chromium: install it, or set CHROMIUM to its path"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    async with chromium(executable) as running:
        yield running
