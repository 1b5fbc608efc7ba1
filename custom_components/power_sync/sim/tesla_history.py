"""Tesla's document about the energy of days and years."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from .powerwall import Powerwall
from .tesla_commands import RefusedError
from .tesla_equipment import GATEWAY


def calendar_history(
    site: Powerwall, query: Mapping[str, str], at: float, zone: ZoneInfo
) -> str:
    """Return the answer to a question as JSON text.

    Raises:
        RefusedError: the question is not understood.
    """
    kind, period = query.get("kind"), query.get("period", "day")
    if kind == "backup":
        return '{"response":{"events":[],"total_events":0}}'
    if kind != "energy":
        raise RefusedError("kind must be energy or backup")
    now = datetime.fromtimestamp(at, zone)
    start = _time(query.get("start_date"), zone)
    end = _time(query.get("end_date"), zone)
    last = (end or now).date()
    match period:
        case "day":
            midnight = (start or end or now).replace(
                hour=0, minute=0, second=0, microsecond=0
            )
            begin = (start or midnight).timestamp()
            finish = (end or midnight + timedelta(days=1)).timestamp()
            series = site.history.five_minutes(begin, finish, at)
        case "week" | "month":
            days = 6 if period == "week" else 30
            first = start.date() if start else last - timedelta(days=days)
            series = site.history.days(first, last)
        case "year":
            first = start.date() if start else last.replace(month=1, day=1)
            series = site.history.months(first, last)
        case "lifetime":
            series = site.history.months(date.min, last)
        case _:
            raise RefusedError("period must be day, week, month, year, lifetime")
    return (
        f'{{"response":{{"serial_number":"{GATEWAY}",'
        f'"period":"{period}","installation_time_zone":"{zone.key}",'
        f'"time_series":{series}}}}}'
    )


def _time(text: str | None, zone: ZoneInfo) -> datetime | None:
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise RefusedError(f"{text!r} is no RFC 3339 time") from None
    return time.astimezone(zone) if time.tzinfo else time.replace(tzinfo=zone)
