"""One demo for all end-to-end tests, and one browser."""

from collections.abc import AsyncIterator
import os
from pathlib import Path

from homeassistant.const import MAJOR_VERSION, MINOR_VERSION
from playwright.async_api import Browser
import pytest
import pytest_asyncio

from harness.bare import ROOT
from harness.browser import chromium
from harness.process import free_port
from harness.stack import Stack, keep_logs, running_stack


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
