"""Prices reach the Powerwall in a real Home Assistant."""

import pytest

from harness.check import check
from harness.stack import Stack

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]


async def test_the_check_of_the_demo_passes(stack: Stack) -> None:
    findings = await check(stack)
    assert [str(finding) for finding in findings if not finding.passed] == []
