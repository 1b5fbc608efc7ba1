"""A service on loopback and a session to reach it."""

from collections.abc import AsyncIterator

import aiohttp
from hypothesis import settings
import pytest

from .support import Service

# No test here is about speed, and other work on the machine must not fail one.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    started = Service()
    await started.start()
    yield started
    await started.stop()
