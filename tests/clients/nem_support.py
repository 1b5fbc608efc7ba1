"""Answers of AEMO's servers, and what must hold of a series made of any of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import pairwise
import json
import math
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from aiohttp import web

from custom_components.power_sync.core.model.prices import (
    PriceKind,
    PricePoint,
    PriceSeries,
)

from .support import FIXTURES

MINUTES_5 = timedelta(minutes=5)
_CERTAINTY = (PriceKind.ACTUAL, PriceKind.CURRENT, PriceKind.FORECAST)


def nem(text: str) -> datetime:
    """Return a moment written in market time."""
    return datetime.fromisoformat(f"{text}+10:00").astimezone(UTC)


def csv_sample(name: str) -> str:
    """Return a stored table file."""
    return (FIXTURES / f"nemweb_{name}_excerpt.csv").read_text(encoding="utf-8")


def zipped(*files: tuple[str, str | bytes]) -> bytes:
    """Return a zip of files by name."""
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return packed.getvalue()


def assert_well_formed(series: PriceSeries) -> None:
    """Check order, zone, overlap, units and sums of any series of a wholesale source."""
    assert series.exports is None
    assert series.controlled_load is None
    assert_points_well_formed(series.imports, series.fetched_at)


def assert_points_well_formed(points: tuple[PricePoint, ...], now: datetime) -> None:
    """Check order, zone, overlap and units."""
    assert points
    for earlier, later in pairwise(points):
        assert earlier.end <= later.start
        assert _CERTAINTY.index(earlier.kind) <= _CERTAINTY.index(later.kind)
    for point in points:
        assert point.start.tzinfo is UTC
        assert point.end.tzinfo is UTC
        assert isinstance(point.price, float)
        assert math.isfinite(point.price)
        assert -1.1 <= point.price <= 25
        assert point.spot == point.price
        assert (point.kind is PriceKind.CURRENT) == (
            point.start <= now < point.end and point.kind is not PriceKind.FORECAST
        )
        if point.kind is PriceKind.ACTUAL:
            assert point.end <= now
        assert not point.estimate or point.kind is PriceKind.CURRENT


def slices(points: tuple[PricePoint, ...]) -> dict[datetime, float]:
    """Return points as prices of the five minutes that they cover."""
    found = {}
    for point in points:
        start = point.start
        while start < point.end:
            found[start] = point.price
            start += MINUTES_5
    return found


@dataclass
class Shelf:
    """What a file server has, by path below ``Reports/Current``."""

    files: dict[str, bytes] = field(default_factory=dict)
    broken: dict[str, int] = field(default_factory=dict)
    """Status by directory or path, for what does not work."""

    def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer like the real server, with listings in no order."""
        path = request.path.removeprefix("/Reports/Current/")
        directory, _, name = path.partition("/")
        if status := self.broken.get(path) or self.broken.get(directory):
            return web.Response(status=status)
        if name:
            body = self.files.get(path)
            return web.Response(status=404) if body is None else web.Response(body=body)
        lines = "<br>".join(
            f'Friday 12345 <A HREF="/Reports/CURRENT/{known}">'
            f"{known.partition('/')[2]}</A>"
            for known in reversed(self.files)
            if known.startswith(directory)
        )
        return web.Response(
            text=f'<pre><A HREF="/Reports/">[To Parent Directory]</A>{lines}</pre>',
            content_type="text/html",
        )

    def put(self, directory: str, name: str, text: str) -> None:
        """Add a table file."""
        packed = zipped((f"{name}.CSV", text))
        self.files[f"{directory}/PUBLIC_{name}.zip"] = packed


def dashboard(
    reports: Mapping[str, Any],
) -> Callable[[web.Request], web.StreamResponse]:
    """Return a server of reports by name: JSON, or a status where there is a number."""

    def answer(request: web.Request) -> web.StreamResponse:
        report = reports[request.path.rpartition("/")[2]]
        if isinstance(report, int):
            return web.Response(status=report)
        return web.Response(text=json.dumps(report), content_type="text/plain")

    return answer
