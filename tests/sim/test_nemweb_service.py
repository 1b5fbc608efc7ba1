"""AEMO's files: listings, names, archives and tables."""

import csv
from datetime import UTC, datetime, timedelta
import io
from pathlib import Path
import re
from zipfile import BadZipFile, ZipFile

import pytest

from custom_components.power_sync.sim.faults import Fault, FaultKind, Service
from custom_components.power_sync.sim.nem_market import REGIONS
from custom_components.power_sync.sim.nem_timetable import dispatch_file_at, run_at
from custom_components.power_sync.sim.nemweb_service import CURRENT
from custom_components.power_sync.sim.nemweb_tables import TableWriter

SAMPLES = Path(__file__).resolve().parent / "samples"
NAMES = {
    "DispatchIS_Reports": r"PUBLIC_DISPATCHIS_(\d{12})_\d{16}\.zip",
    "P5_Reports": r"PUBLIC_P5MIN_(\d{12})_\d{14}\.zip",
    "PredispatchIS_Reports": r"PUBLIC_PREDISPATCHIS_(\d{12})_\d{14}\.zip",
    "Predispatch_Reports": r"PUBLIC_PREDISPATCH_(\d{12})_\d{14}_LEGACY\.zip",
}
PRICES = {
    "DispatchIS_Reports": ("DISPATCH", "PRICE", "5"),
    "P5_Reports": ("P5MIN", "REGIONSOLUTION", "10"),
    "PredispatchIS_Reports": ("PREDISPATCH", "REGION_PRICES", "2"),
    "Predispatch_Reports": ("PDREGION", "", "5"),
}
ENDS = {
    "DispatchIS_Reports": "SETTLEMENTDATE",
    "P5_Reports": "INTERVAL_DATETIME",
    "PredispatchIS_Reports": "DATETIME",
    "Predispatch_Reports": "PERIODID",
}
CAPTURED = {
    "DispatchIS_Reports": "nemweb_dispatchis_excerpt.csv",
    "P5_Reports": "nemweb_p5min_excerpt.csv",
    "PredispatchIS_Reports": "nemweb_predispatchis_excerpt.csv",
    "Predispatch_Reports": "nemweb_predispatch_legacy_excerpt.csv",
}


@pytest.fixture
def home(make_home):
    return make_home()


@pytest.fixture
async def client(home, browser):
    return await browser(home.nemweb_app())


async def links(client, directory):
    response = await client.get(f"{CURRENT}/{directory}/")
    assert response.status == 200
    assert response.content_type == "text/html"
    return re.findall(r'<A HREF="([^"]+)">', await response.text())


async def newest(client, directory):
    """Name and text of the newest file."""
    link = (await links(client, directory))[-1]
    response = await client.get(link)
    assert response.status == 200
    with ZipFile(io.BytesIO(await response.read())) as archive:
        (name,) = archive.namelist()
        assert name == link.rpartition("/")[2].replace(".zip", ".CSV")
        return name, archive.read(name).decode()


def table(text, key):
    """The rows of a table, by column."""
    header, rows = None, []
    for cells in csv.reader(text.splitlines()):
        if tuple(cells[1:4]) == key:
            if cells[0] == "I":
                header = cells
            else:
                assert cells[0] == "D"
                rows.append(dict(zip(header[4:], cells[4:], strict=True)))
    return rows


def at(stamp):
    return datetime.strptime(stamp + "+1000", "%Y/%m/%d %H:%M:%S%z")


@pytest.mark.parametrize("directory", NAMES)
async def test_a_listing_is_a_web_page_of_links(client, clock, directory):
    clock.tick(minutes=3)
    parent, *files = await links(client, directory)

    assert parent == f"{CURRENT}/"
    names = []
    for link in files:
        folder, _, name = link.rpartition("/")
        assert folder == f"{CURRENT}/{directory}"
        names.append(re.fullmatch(NAMES[directory], name)[1])
    assert names == sorted(set(names))
    # Noon in market time; a name carries the END of the first interval.
    five = directory in ("DispatchIS_Reports", "P5_Reports")
    assert names[-1] == ("202611201205" if five else "202611201230")
    assert len(names) >= (280 if five else 47)


@pytest.mark.parametrize("directory", NAMES)
async def test_files_have_the_layout_of_captured_ones(client, directory):
    _, text = await newest(client, directory)
    lines = text.splitlines()
    captured = (SAMPLES / CAPTURED[directory]).read_text().splitlines()

    assert lines[0].split(",")[0] == "C"
    assert lines[0].split(",")[3:5] == ["AEMO", "PUBLIC"]
    assert lines[-1] == f'C,"END OF REPORT",{len(lines)}'

    def heads(listed):
        return [line.split(",")[1:4] for line in listed if line.startswith("I,")]

    assert heads(lines) == heads(captured)
    columns = [line.split(",")[4:] for line in captured if line.startswith("I,")]
    ours = [line.split(",")[4:] for line in lines if line.startswith("I,")]
    # Except for reserves, which nobody reads.
    assert ours == [
        [name for name in like if not name.startswith("RAISE")] for like in columns
    ]
    stamps = re.findall(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d", text)
    assert stamps
    assert text.count('"') == 2 * len(stamps) + 2, "datetimes are quoted"


async def test_settled_prices_of_all_regions(home, client, clock):
    clock.tick(minutes=2)
    name, text = await newest(client, "DispatchIS_Reports")
    rows = table(text, PRICES["DispatchIS_Reports"])

    assert name.startswith("PUBLIC_DISPATCHIS_202611201205_")
    assert {row["SETTLEMENTDATE"] for row in rows} == {"2026/11/20 12:05:00"}
    prices = {r["REGIONID"]: float(r["RRP"]) for r in rows if r["INTERVENTION"] == "0"}
    start = int(datetime(2026, 11, 20, 2, 0, tzinfo=UTC).timestamp())
    assert prices == {region: home.market.spot(region, start) for region in REGIONS}
    assert rows[0]["DISPATCHINTERVAL"] == "20261120097"
    assert len(table(text, ("DISPATCH", "REGIONSUM", "9"))) == 5


async def test_a_file_is_listed_some_seconds_into_the_interval(home, client, clock):
    listed = dispatch_file_at(home.config.seed, int(clock.now.timestamp()))
    clock.now = datetime.fromtimestamp(listed - 1, UTC)
    assert "_202611201200_" in (await links(client, "DispatchIS_Reports"))[-1]
    clock.now = datetime.fromtimestamp(listed + 1, UTC)
    newest_link = (await links(client, "DispatchIS_Reports"))[-1]
    assert "_202611201205_" in newest_link
    # A file that is not listed yet cannot be had by guessing its name.
    clock.now = datetime.fromtimestamp(listed - 1, UTC)
    assert (await client.get(newest_link)).status == 404
    clock.tick(days=2)
    assert (await client.get(newest_link)).status == 404, "nor one of long ago"


async def test_the_coming_hour(home, client, clock):
    clock.tick(minutes=2)
    _, text = await newest(client, "P5_Reports")
    rows = table(text, PRICES["P5_Reports"])
    start = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)

    assert text.splitlines()[1].startswith("I,P5MIN,CASESOLUTION")
    own = [r for r in rows if r["REGIONID"] == "NSW1" and r["INTERVENTION"] == "0"]
    ends = [at(row["INTERVAL_DATETIME"]) for row in own]
    assert ends == [start + timedelta(minutes=5 * n) for n in range(1, 13)]
    assert {row["RUN_DATETIME"] for row in rows} == {"2026/11/20 12:05:00"}
    assert float(own[0]["RRP"]) == round(home.prices.spot(start), 5)
    for row, end in zip(own[1:], ends[1:], strict=True):
        begin = end - timedelta(minutes=5)
        assert float(row["RRP"]) == round(home.prices.forecast(begin, 5, start), 5)


@pytest.mark.parametrize("directory", ["PredispatchIS_Reports", "Predispatch_Reports"])
async def test_the_long_forecast_grows_at_half_past_twelve(
    home, client, clock, directory
):
    half = datetime.fromisoformat("2026-11-20T12:30+10:00")
    published = datetime.fromtimestamp(
        run_at(home.config.seed, int(half.timestamp())), UTC
    )

    async def ends():
        _, text = await newest(client, directory)
        rows = table(text, PRICES[directory])
        for row in rows:
            if row["REGIONID"] == "NSW1" and row.get("INTERVENTION", "0") == "0":
                yield at(row[ENDS[directory]]), float(row["RRP"])

    clock.now = published - timedelta(seconds=1)
    before = [end async for end, _ in ends()]
    clock.tick(2)
    after = [pair async for pair in ends()]

    assert len(before) == 32
    assert before[0] == half
    assert len(after) == 79
    assert after[0][0] == half + timedelta(minutes=30)
    assert after[-1][0] == datetime.fromisoformat("2026-11-22T04:00+10:00")
    for end, price in after:
        begin = end - timedelta(minutes=30)
        assert price == round(home.prices.forecast(begin, 30, half), 5)


async def test_the_old_layout_has_a_region_that_does_not_exist(client):
    _, text = await newest(client, "Predispatch_Reports")
    rows = table(text, PRICES["Predispatch_Reports"])
    assert {row["REGIONID"] for row in rows} == {*REGIONS, "NEM1"}
    assert {row["RRP"] for row in rows if row["REGIONID"] == "NEM1"} == {"0"}


async def test_interventions_are_marked(home, client, clock):
    """Now and then a file has a second price per region, which does not count."""
    start = int(clock.now.timestamp())
    writer = TableWriter(home.market, home.config.seed)
    marked = [
        s
        for s in range(start, start + 86_400, 300)
        if len(writer.dispatch(s)[0].rows) == 10
    ]
    assert 3 < len(marked) < 30

    clock.now = datetime.fromtimestamp(marked[0], UTC) + timedelta(minutes=1)
    _, text = await newest(client, "DispatchIS_Reports")
    rows = table(text, PRICES["DispatchIS_Reports"])
    assert [row["INTERVENTION"] for row in rows] == ["0", "1"] * 5
    for real, run in zip(rows[::2], rows[1::2], strict=True):
        assert real["REGIONID"] == run["REGIONID"]
        assert real["RRP"] != run["RRP"]
        assert float(real["RRP"]) == home.market.spot(real["REGIONID"], marked[0])


@pytest.mark.parametrize("directory", ["P5_Reports", "PredispatchIS_Reports"])
async def test_interventions_are_marked_in_forecasts_too(
    home, client, clock, directory
):
    for _ in range(300):
        clock.tick(minutes=30)
        _, text = await newest(client, directory)
        rows = table(text, PRICES[directory])
        if "1" in {row["INTERVENTION"] for row in rows}:
            break
    assert [row["INTERVENTION"] for row in rows] == ["0", "1"] * (len(rows) // 2)
    assert all(a["RRP"] != b["RRP"] for a, b in zip(rows[::2], rows[1::2], strict=True))


@pytest.mark.parametrize(
    ("end", "number"),
    [("04:05", "20261120001"), ("04:00", "20261119288"), ("00:00", "20261119240")],
)
async def test_a_trading_day_ends_at_four(client, clock, end, number):
    clock.set(f"2026-11-20T{end}")
    clock.tick(minutes=-2)
    _, text = await newest(client, "DispatchIS_Reports")
    row = table(text, PRICES["DispatchIS_Reports"])[0]
    assert row["SETTLEMENTDATE"] == f"2026/11/20 {end}:00"
    assert row["DISPATCHINTERVAL"] == number


async def test_names_are_found_in_any_case_and_nothing_else_is(client):
    link = (await links(client, "P5_Reports"))[-1]
    assert (await client.get(link.replace("P5_Reports", "p5_reports"))).status == 200
    for path in ("/TradingIS_Reports/", "/P5_Reports/PUBLIC.zip", "/None/x.zip"):
        assert (await client.get(CURRENT + path)).status == 404


async def test_robots_are_turned_away(home, serve):
    client = await serve(home.nemweb_app(), None)
    answer = await client.get(f"{CURRENT}/P5_Reports/")
    assert answer.status == 403
    named = {"User-Agent": "PowerSync/1.0"}
    answer = await client.get(f"{CURRENT}/P5_Reports/", headers=named)
    assert answer.status == 200
    assert [a.path for a in home.nemweb.door.asked] == [f"{CURRENT}/P5_Reports/"] * 2


def fault(home, kind, **more):
    home.faults.add(Fault(service=Service.NEMWEB, kind=FaultKind(kind), **more))


async def test_odd_listings(home, client, clock):
    clock.tick(minutes=2)
    sound = await links(client, "DispatchIS_Reports")
    fault(home, "empty_list", count=1)
    assert await links(client, "DispatchIS_Reports") == [f"{CURRENT}/"]
    fault(home, "stale_forecast", count=1)
    assert (await links(client, "DispatchIS_Reports"))[-1] == sound[-2]
    assert await links(client, "DispatchIS_Reports") == sound


@pytest.mark.parametrize("directory", NAMES)
async def test_odd_prices_in_files(home, client, directory):
    async def prices(kind):
        fault(home, kind, count=1)
        _, text = await newest(client, directory)
        return [row["RRP"] for row in table(text, PRICES[directory])]

    _, sound = await newest(client, directory)
    count = len(table(sound, PRICES[directory]))
    hit = count if count <= 10 else len(range(2, count, 10))
    assert (await prices("nan_prices")).count("nan") == hit
    assert (await prices("word_prices")).count("n/a") == hit
    assert (await prices("null_prices")).count("") == hit
    assert len(await prices("missing_rows")) == count - hit
    assert len(await prices("duplicated_rows")) == 2 * count
    assert not home.faults.as_json()


async def test_a_forecast_file_with_a_hole(home, client):
    _, sound = await newest(client, "PredispatchIS_Reports")
    fault(home, "partial_forecast")
    _, holed = await newest(client, "PredispatchIS_Reports")
    key = PRICES["PredispatchIS_Reports"]
    ends = [{row["DATETIME"] for row in table(text, key)} for text in (sound, holed)]
    assert len(ends[0] - ends[1]) == 4


async def test_a_file_that_is_no_archive(home, client):
    link = (await links(client, "P5_Reports"))[-1]
    fault(home, "garbage", count=1, match=".zip")
    assert (await links(client, "P5_Reports"))[-1] == link
    body = await (await client.get(link)).read()
    with pytest.raises(BadZipFile):
        ZipFile(io.BytesIO(body))
