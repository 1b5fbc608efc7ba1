"""ComEd's answers in few words."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
import json
from typing import Any
from zoneinfo import ZoneInfo

from .support import FIXTURES

CHICAGO = ZoneInfo("America/Chicago")
HELLO = "Servlet Feed 2.95-SGalertsSync"
STEP, HOUR = timedelta(minutes=5), timedelta(hours=1)

PAGE = (FIXTURES / "comed_dayahead_daynexttoday.txt").read_text("utf-8").strip()


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def chicago(text: str, fold: int = 0) -> datetime:
    local = datetime.fromisoformat(text).replace(tzinfo=CHICAGO, fold=fold)
    return local.astimezone(UTC)


def feed_rows(prices: Mapping[datetime, float]) -> list[dict[str, Any]]:
    """Return prices in c/kWh as the feed has them: newest first, all of it text."""
    return [
        {"millisUTC": str(int(stamp.timestamp()) * 1000), "price": f"{prices[stamp]}"}
        for stamp in sorted(prices, reverse=True)
    ]


def feed(prices: Mapping[datetime, float]) -> str:
    return json.dumps(feed_rows(prices))


def page(day: date, rows: Iterable[tuple[int, object]]) -> str:
    """Return hours, by their labels, as the pages have them."""
    return "[" + ", ".join(hour(day, label, price) for label, price in rows) + "]"


def hour(day: date, label: int, price: object) -> str:
    return f"[Date.UTC({day.year},{day.month - 1},{day.day},{label},0,0), {price}]"
