"""Check that prices reached the Powerwall, from the outside and with figures."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import override
from zoneinfo import ZoneInfo

from .mapping_check import broken_rules
from .oracle import NoReferenceError, Oracle
from .simulated_services import Served, Upload
from .stack import DOMAIN, Stack
from .tariff_slots import SLOTS, Slots, read_slots

UPLOAD_PATIENCE = 45.0
READ_BACK_PATIENCE = 30.0
ON_ITS_WAY = timedelta(seconds=5)
WAYS = ["Teslemetry", "Tessie"]
"""The ways in to the Powerwall, the best first."""
HALF_A_DECIMAL = 0.000051
"""Prices are told with four decimals; the rest is floating point."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, with what was seen."""

    what: str
    seen: str
    passed: bool

    @override
    def __str__(self) -> str:
        """Return the finding as one line."""
        return f"{'ok  ' if self.passed else 'FAIL'}  {self.what}: {self.seen}"


async def check(stack: Stack) -> list[Finding]:
    """Wait for the first tariff, and judge it and everything around it."""
    upload = await _first_upload(stack)
    if upload is None:
        findings = [
            Finding("tariff accepted", f"none within {UPLOAD_PATIENCE:.0f} s", False)
        ]
    else:
        findings = await _judge(stack, upload)
    return findings + await _surroundings(stack)


async def _first_upload(stack: Stack) -> Upload | None:
    try:
        async with asyncio.timeout(UPLOAD_PATIENCE):
            while not (uploads := await stack.services.uploads()):
                await asyncio.sleep(0.2)
    except TimeoutError:
        return None
    return uploads[0]


async def _judge(stack: Stack, upload: Upload) -> list[Finding]:
    info = await stack.services.site_info(upload.site_id)
    zone = ZoneInfo(info["installation_time_zone"])
    served = [
        response
        for response in await stack.services.served()
        if response.served_at <= upload.received_at
    ]
    moments = sorted(item.served_at for item in served if not item.is_history)
    delay = (upload.received_at - moments[-1]).total_seconds()
    sent = read_slots(upload.tariff, upload.received_at.astimezone(zone).date())
    told = await _told(stack, sent)
    # Prices that came while the upload was on its way are not in it.
    judged = [
        judge_prices(
            sent,
            told,
            [item for item in served if item.is_history or item.served_at <= moment],
            moment,
            zone,
        )
        for moment in reversed(moments)
        if upload.received_at - moment <= ON_ITS_WAY or moment == moments[-1]
    ]
    return [
        Finding("tariff accepted", f"{len(sent)} slots", len(sent) == SLOTS),
        next((finding for finding in judged if finding.passed), judged[0]),
        Finding("from price to accepted upload", f"{delay:.2f} s", delay < 10),
        await _read_back(stack, upload, zone),
    ]


async def _told(stack: Stack, sent: Slots) -> Slots | None:
    """Return the prices that, PowerSync's decision says, the sent ones were made of."""
    with suppress(TimeoutError):
        async with asyncio.timeout(READ_BACK_PATIENCE):
            while True:
                state = await stack.state_of("decision")
                slots = state["attributes"].get("slots", [])
                if [(slot["buy"], slot["sell"]) for slot in slots] == sent:
                    return [
                        (slot["import_price"], slot["export_price"]) for slot in slots
                    ]
                await asyncio.sleep(0.2)
    return None


def judge_prices(
    sent: Slots,
    told: Slots | None,
    served: Sequence[Served],
    now: datetime,
    zone: ZoneInfo,
) -> Finding:
    """Compare the tariff with what the served prices say it should be.

    ``told`` is the tariff before prices that Tesla refuses were moved, and has to equal
    the reference; what was ``sent`` has to obey the rules of moving. Reference and rules
    are other code than the integration's.
    """
    what = "largest slot error against the served prices"
    if told is None:
        return Finding(what, "no decision explains the upload", False)
    oracle = Oracle(zone)
    for response in served:
        # History comes in half hours and mentions the running one too, of which the
        # current prices know more.
        rows = response.rows
        if response.is_history:
            rows = [row for row in rows if row["type"] == "ActualInterval"]
        oracle.serve(rows)
    try:
        expected = oracle.expected(now)
    except NoReferenceError as gap:
        return Finding(what, f"the served prices are incomplete: {gap}", False)
    raw = [(slot.import_price, slot.export_price) for slot in expected]
    error = _largest_difference(told, raw)
    local = now.astimezone(zone)
    broken = broken_rules(
        *([buy for buy, _ in raw], [sell for _, sell in raw]),
        *([buy for buy, _ in sent], [sell for _, sell in sent]),
        (local.hour * 60 + local.minute) // 30,
    )
    seen = f"{error * 100:.4f} c/kWh"
    if any(sell < 0 or buy < sell for buy, sell in raw):
        moved = _largest_difference(sent, raw)
        seen += f" (then moved by up to {moved * 100:.4f} to what Tesla accepts)"
    return Finding(
        what, "; ".join([seen, *broken]), not broken and error <= HALF_A_DECIMAL
    )


def _largest_difference(slots: Slots, others: Slots) -> float:
    return max(
        abs(price - other)
        for pair, other_pair in zip(slots, others, strict=True)
        for price, other in zip(pair, other_pair, strict=True)
    )


async def _read_back(stack: Stack, upload: Upload, zone: ZoneInfo) -> Finding:
    """Ask the cloud until it tells the tariff that it accepted."""
    what = "read-back equals the upload"
    day = upload.received_at.astimezone(zone).date()
    try:
        async with asyncio.timeout(READ_BACK_PATIENCE):
            while True:
                info = await stack.services.site_info(upload.site_id)
                told = info.get("tariff_content_v2")
                newest = (await stack.services.uploads())[-1]
                if told and read_slots(told, day) == read_slots(newest.tariff, day):
                    return Finding(what, f"{SLOTS} of {SLOTS} slots", True)
                await asyncio.sleep(0.5)
    except TimeoutError:
        return Finding(what, f"not within {READ_BACK_PATIENCE:.0f} s", False)


async def _surroundings(stack: Stack) -> list[Finding]:
    """Look at the entry, the way in, the repairs, the notifications and the log."""
    entries = await stack.home.command("config_entries/get", domain=DOMAIN)
    states = [entry["state"] for entry in entries]
    issues = (await stack.home.command("repairs/list_issues"))["issues"]
    notices = await stack.home.command("persistent_notification/get")
    complaints = stack.process.complaints(DOMAIN)
    return [
        Finding("config entry", ", ".join(states) or "none", states == ["loaded"]),
        await _way_in(stack),
        _nothing("repairs", [issue["issue_id"] for issue in issues]),
        _nothing("notifications", [notice["title"] or "?" for notice in notices]),
        _nothing(
            f"warnings in the log that name {DOMAIN}",
            [f"{record.level} {record.message}" for record in complaints],
        ),
    ]


async def _way_in(stack: Stack) -> Finding:
    """Look through which service the Powerwall is reached, and which stand by."""
    what = "way in"
    try:
        state = await stack.state_of("way_in")
    except LookupError as error:
        return Finding(what, str(error), False)
    used, ways = state["state"], state["attributes"].get("ways", [])
    others = ", ".join(way for way in ways if way != used)
    return Finding(
        what, f"{used}, else {others or 'none'}", used == WAYS[0] and ways == WAYS
    )


def _nothing(what: str, found: Sequence[str]) -> Finding:
    return Finding(what, "; ".join(found) or "none", not found)
