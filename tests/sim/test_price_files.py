"""Recorded prices: layouts, layout on the calendar, and files that are wrong."""

from datetime import UTC, date, datetime, timedelta
import gzip
from pathlib import Path

import pytest

from custom_components.power_sync.sim.price_files import (
    PriceFileError,
    RecordedPrices,
    read_prices,
)
from custom_components.power_sync.sim.prices import NEM, Market

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
MONDAY = datetime(2025, 3, 3, tzinfo=NEM)
OCTOBER = datetime(2025, 10, 5, tzinfo=UTC)


def index_of(moment):
    return int(moment.timestamp()) // 300


def price_of(day, minute):
    """A price that tells where it comes from."""
    return round(day * 1_000 + minute / 10, 2)


def ends(days, step=5, start=MONDAY):
    """Yield (end of interval, price)."""
    for number in range(days * 1_440 // step):
        minute = number * step
        yield (
            start + timedelta(minutes=minute + step),
            price_of(minute // 1_440, minute % 1_440),
        )


def aemo(days, step=5):
    lines = ["REGION,SETTLEMENTDATE,TOTALDEMAND,RRP,PERIODTYPE"]
    lines += [
        f"NSW1,{end:%Y/%m/%d %H:%M:%S},7000.1,{price},TRADE"
        for end, price in ends(days, step)
    ]
    return "\n".join(lines) + "\n"


def plain(days, start=MONDAY):
    lines = ["settlement_end,rrp_aud_mwh,demand_mw"]
    lines += [f"{end.isoformat()},{price},1" for end, price in ends(days, start=start)]
    return "\n".join(lines) + "\n"


@pytest.fixture
def file(tmp_path):
    def write(text, name="prices.csv"):
        path = tmp_path / name
        if name.endswith(".gz"):
            path.write_bytes(gzip.compress(text.encode()))
        else:
            path.write_text(text)
        return path

    return write


@pytest.mark.parametrize("layout", [aemo, plain])
@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a"])
def test_labels_are_the_ends_of_intervals_in_market_time(file, layout, name):
    prices = read_prices([file(layout(2), name)])

    assert prices.at(index_of(MONDAY)) == 0.0
    assert prices.at(index_of(MONDAY + timedelta(hours=14))) == 84.0
    assert prices.at(index_of(MONDAY + timedelta(hours=47, minutes=55))) == 1_143.5
    assert (prices.first_day, prices.last_day) == (date(2025, 3, 3), date(2025, 3, 4))


def test_half_hours_fill_their_six_intervals(file):
    prices = read_prices([file(aemo(1, step=30))])

    found = {prices.at(index_of(MONDAY) + number) for number in range(6)}
    assert found == {0.0}
    assert prices.at(index_of(MONDAY) + 6) == 3.0


def test_market_reads_what_the_file_says(file):
    market = Market(read_prices([file(plain(1))]), 1)

    assert market.spot(MONDAY + timedelta(hours=1)) == 6.0


def test_several_files_in_any_order(file):
    later = file(plain(1, MONDAY + timedelta(days=1)), "b.csv")
    earlier = file(plain(1), "a.csv")

    prices = read_prices([later, earlier])

    assert prices.last_day - prices.first_day == timedelta(days=1)
    assert prices.at(index_of(MONDAY + timedelta(days=1))) == 0.0


def shown(prices, day):
    """Which recorded day is shown on a day."""
    return int(prices.at(index_of(day))) // 1_000


def test_days_beyond_the_record_start_it_over(file):
    prices = read_prices([file(plain(3))])

    assert [shown(prices, MONDAY + timedelta(days=n)) for n in range(-2, 8)] == (
        [1, 2, 0, 1, 2, 0, 1, 2, 0, 1]
    )


def test_a_record_can_be_moved_by_days(file):
    wednesday = datetime(2026, 11, 18, tzinfo=NEM)

    prices = read_prices([file(plain(10))], onto=wednesday.date(), whole_weeks=False)

    assert [shown(prices, wednesday + timedelta(days=n)) for n in (0, 1, 9, 10)] == (
        [0, 1, 9, 0]
    )


def test_a_record_can_be_moved_by_whole_weeks(file):
    wednesday = datetime(2026, 11, 18, tzinfo=NEM)

    prices = read_prices([file(plain(17))], onto=wednesday.date())

    for number in range(40):
        day = wednesday + timedelta(days=number)
        recorded = MONDAY + timedelta(days=shown(prices, day))
        assert recorded.weekday() == day.weekday()
    assert [shown(prices, wednesday + timedelta(days=n)) for n in (0, 1, 11, 12)] == (
        [2, 3, 13, 0]
    )


def test_small_holes_take_the_price_before_and_thin_days_are_left_out(file):
    lines = plain(3).splitlines()
    first_day = lines[1:289]
    del first_day[100:110]
    thin_day = lines[289:400]

    prices = read_prices(
        [file("\n".join([lines[0], *first_day, *thin_day, *lines[577:]]))]
    )

    hole = index_of(MONDAY) + 105
    assert prices.at(hole) == price_of(0, 99 * 5)
    # Two days are left: in the place of the thin one the record starts over.
    assert [shown(prices, MONDAY + timedelta(days=n)) for n in range(3)] == [0, 2, 2]
    assert prices.last_day == date(2025, 3, 5)


def snapshot(start, hours=24):
    lines = []
    for number in range(hours * 2):
        begin = start + timedelta(minutes=30 * number)
        end = begin + timedelta(minutes=30)
        lines.append(
            f"1,{begin:%Y-%m-%dT%H:%MZ},{end:%Y-%m-%dT%H:%MZ},30,0.3,{number / 100},0.1"
        )
    header = (
        "snapshot,interval_start_utc,interval_end_utc,duration_min,"
        "import_aud_kwh,spot_incl_gst_aud_kwh,feedin_aud_kwh"
    )
    return "\n".join([header, *lines])


def test_an_amber_snapshot_is_a_day_around_the_clock(file):
    # 20:00 in market time
    prices = read_prices([file(snapshot(datetime(2025, 10, 5, 10, tzinfo=UTC)))])

    evening = datetime(2025, 10, 5, 20, tzinfo=NEM)
    assert prices.first_day == prices.last_day == date(2025, 10, 5)
    assert prices.at(index_of(evening)) == 0
    assert prices.at(index_of(evening + timedelta(hours=1))) == (
        pytest.approx(0.02 * 1_000 / 1.1)
    )
    assert prices.at(index_of(evening - timedelta(minutes=1))) == (
        pytest.approx(0.47 * 1_000 / 1.1)
    )


LINE = "2025-03-03T00:05:00+10:00,10.0\n"
HEAD = "settlement_end,rrp_aud_mwh\n"
AEMO = "REGION,SETTLEMENTDATE,TOTALDEMAND,RRP,PERIODTYPE\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"bad\.csv, line 1: unknown header"),
        ("time,price\n1,2\n", r"bad\.csv, line 1: unknown header 'time,price'.*RRP"),
        (HEAD, r"bad\.csv, line 2: no price in the file"),
        (HEAD + LINE, r"bad\.csv: no day with at least 23 hours"),
        (HEAD + LINE + "tomorrow,1\n", r"line 3: 'tomorrow' is no time; write it as"),
        (HEAD + LINE * 2 + LINE.replace("10.0", "n/a"), r"line 4: 'n/a' is no price"),
        (HEAD + LINE.replace("10.0", "nan"), r"line 2: 'nan' is no price"),
        (HEAD + LINE.replace("10.0", "inf"), r"line 2: 'inf' is no price"),
        (HEAD + "2025-03-03T00:05:00+10:00\n", r"line 2: 1 columns.*cut off"),
        (
            HEAD + LINE.replace("05:00+", "06:00+"),
            r"line 2: .*not the end of a 5-minute",
        ),
        (
            AEMO + "NSW1,2025/13/03 00:05:00,1,2,TRADE\n",
            r"line 2: '2025/13/03 00:05:00'",
        ),
        (
            snapshot(OCTOBER).replace("2025-10-05T00:30Z,30", "2025,30"),
            r"line 2: '2025' is no time",
        ),
        (snapshot(OCTOBER, hours=12), r"no day with at least 23 hours"),
        (
            snapshot(OCTOBER).replace("interval_end_utc", "end"),
            r"line 1: column interval_end_utc is missing",
        ),
    ],
)
def test_wrong_files_are_explained(file, text, message):
    with pytest.raises(PriceFileError, match=message):
        read_prices([file(text, "bad.csv")])


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(PriceFileError, match=r"absent\.csv: cannot be read"):
        read_prices([tmp_path / "absent.csv"])
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(gzip.compress(plain(1).encode())[:-200])
    with pytest.raises(PriceFileError, match=r"cut\.csv\.gz: cannot be read"):
        read_prices([cut])
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"\xff\xfe\x00settlement")
    with pytest.raises(PriceFileError, match=r"binary\.csv: cannot be read"):
        read_prices([binary])


def test_a_record_needs_a_day():
    with pytest.raises(ValueError, match="at least one day"):
        RecordedPrices({})


@pytest.mark.parametrize(
    ("name", "days"),
    [
        ("nem_nsw1_5min_2025-01_2025-06.csv.gz", 181),
        ("nem_sa1_5min_2021-12.csv.gz", 31),
        ("nem_sa1_5min_event_blocks.csv.gz", 10),
        ("amber_forecast_snapshots_nsw_2025-10_11.csv.gz", 4),
    ],
)
def test_real_files(name, days):
    path = SHARED / name
    if not path.is_file():
        pytest.skip("recorded prices are not beside this checkout (../shared/data)")

    prices = read_prices([path])

    assert len(prices._days) == days
    first = datetime.combine(prices.first_day, datetime.min.time(), NEM)
    found = [prices.at(index_of(first) + number) for number in range(288 * days)]
    assert -1_000 <= min(found) <= max(found) <= 17_500
