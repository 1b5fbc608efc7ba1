"""The reports behind AEMO's dashboard, quirks included."""

from datetime import UTC, datetime, timedelta
import json

from aiohttp import hdrs
import pytest

from custom_components.power_sync.sim import admin_service
from custom_components.power_sync.sim.aemo_service import REPORTS
from custom_components.power_sync.sim.faults import Fault, FaultKind, Service
from custom_components.power_sync.sim.nem_market import REGIONS
from custom_components.power_sync.sim.nem_timetable import dashboard_at, run_at

FIVE, SUMMARY = f"{REPORTS}/5MIN", f"{REPORTS}/ELEC_NEM_SUMMARY"
BODY = {"timeScale": ["30MIN"]}


@pytest.fixture
def home(make_home):
    return make_home(region="VIC1")


@pytest.fixture
async def client(home, browser):
    return await browser(home.aemo_app())


async def rows(client, region="VIC1", kind=None, **body):
    response = await client.post(FIVE, json=BODY | body)
    assert response.status == 200
    assert response.headers["Cache-Control"] == "public,max-age=4"
    listed = (await response.json())["5MIN"]
    return [
        row
        for row in listed
        if row["REGIONID"] == region and kind in (None, row["PERIODTYPE"])
    ]


def end(row):
    """The END, which is a naive time of the market."""
    return datetime.fromisoformat(row["SETTLEMENTDATE"] + "+10:00")


async def test_reports_have_the_shape_of_captured_ones(client, sample):
    ours = (await (await client.post(FIVE, json=BODY)).json())["5MIN"]
    for row in ours[:400]:
        assert list(row) == list(sample("aemo_5min.json")["5MIN"][0])
    assert list(dict.fromkeys(row["REGIONID"] for row in ours)) == list(REGIONS)

    ours = await (await client.get(SUMMARY)).json()
    captured = sample("aemo_elec_nem_summary.json")
    assert list(ours) == list(captured)
    for name, listed in captured.items():
        assert len(ours[name]) == len(listed)
        for row, like in zip(ours[name], listed, strict=True):
            assert list(row) == list(like)
    for row, like in zip(
        ours["ELEC_NEM_SUMMARY"], captured["ELEC_NEM_SUMMARY"], strict=True
    ):
        flows = json.loads(row["INTERCONNECTORFLOWS"])
        assert [list(flow) for flow in flows] == [
            list(flow) for flow in json.loads(like["INTERCONNECTORFLOWS"])
        ]
        assert [f["name"] for f in flows] == [
            f["name"] for f in json.loads(like["INTERCONNECTORFLOWS"])
        ]


async def test_a_day_of_settled_prices_by_their_end(home, client, clock):
    clock.tick(minutes=2)
    settled = await rows(client, kind="ACTUAL")

    assert len(settled) == 288
    ends = [end(row) for row in settled]
    assert ends == [ends[0] + timedelta(minutes=5 * n) for n in range(288)]
    # 12:02 in market time: the price of 12:00 to 12:05 is there.
    assert settled[-1]["SETTLEMENTDATE"] == "2026-11-20T12:05:00"
    for row in settled:
        start = end(row) - timedelta(minutes=5)
        assert row["RRP"] == round(home.prices.spot(start), 5)


async def test_the_half_hour_in_progress_overlaps(home, client, clock):
    clock.set("2026-11-20T12:17")
    listed = await rows(client)
    settled = [row for row in listed if row["PERIODTYPE"] == "ACTUAL"]
    forecast = [row for row in listed if row["PERIODTYPE"] == "FORECAST"]

    assert settled[-1]["SETTLEMENTDATE"] == "2026-11-20T12:20:00"
    assert forecast[0]["SETTLEMENTDATE"] == "2026-11-20T12:30:00"
    assert forecast[1]["SETTLEMENTDATE"] == "2026-11-20T13:00:00"
    run = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
    for row in forecast:
        start = end(row) - timedelta(minutes=30)
        assert row["RRP"] == round(home.prices.forecast(start, 30, run), 5)
    clock.set("2026-11-20T12:28")
    labels = [row["SETTLEMENTDATE"] for row in await rows(client)]
    assert labels.count("2026-11-20T12:30:00") == 2, "once settled, once forecast"


async def test_the_horizon_grows_with_the_run_of_half_past_twelve(home, client, clock):
    start = datetime.fromisoformat("2026-11-20T12:30+10:00").timestamp()
    published = datetime.fromtimestamp(run_at(home.config.seed, int(start)), UTC)
    clock.now = published - timedelta(seconds=1)
    before = await rows(client, kind="FORECAST")
    clock.tick(2)
    after = await rows(client, kind="FORECAST")

    # What is over is not shown, although the new run is not there yet.
    assert before[0]["SETTLEMENTDATE"] == after[0]["SETTLEMENTDATE"]
    assert after[0]["SETTLEMENTDATE"] == "2026-11-20T13:00:00"
    assert before[-1]["SETTLEMENTDATE"] == "2026-11-21T04:00:00"
    assert after[-1]["SETTLEMENTDATE"] == "2026-11-22T04:00:00"
    assert len(after) == 79
    run = datetime.fromtimestamp(start, UTC)
    for row in after:
        begin = end(row) - timedelta(minutes=30)
        assert row["RRP"] == round(home.prices.forecast(begin, 30, run), 5)


async def test_a_price_appears_half_a_minute_into_its_interval(home, client, clock):
    shown = dashboard_at(home.config.seed, int(clock.now.timestamp()))

    async def stamps():
        summary = (await (await client.get(SUMMARY)).json())["ELEC_NEM_SUMMARY"]
        settled = await rows(client, kind="ACTUAL")
        return {row["SETTLEMENTDATE"] for row in [settled[-1], *summary]}

    clock.now = datetime.fromtimestamp(shown - 1, UTC)
    assert await stamps() == {"2026-11-20T12:00:00"}
    clock.now = datetime.fromtimestamp(shown + 1, UTC)
    assert await stamps() == {"2026-11-20T12:05:00"}


async def test_the_summary_and_the_rows_agree(client):
    summary = (await (await client.get(SUMMARY)).json())["ELEC_NEM_SUMMARY"]
    for row in summary:
        newest = (await rows(client, row["REGIONID"], "ACTUAL"))[-1]
        assert row["PRICE"] == newest["RRP"]
        assert row["SETTLEMENTDATE"] == newest["SETTLEMENTDATE"]
        assert "RRP" not in row


async def test_some_prices_are_not_firm(client, clock):
    seen = set()
    for _ in range(150):
        summary = (await (await client.get(SUMMARY)).json())["ELEC_NEM_SUMMARY"]
        seen.add(summary[0]["PRICE_STATUS"])
        clock.tick(300)
    assert seen == {"FIRM", "NOT FIRM"}


@pytest.mark.parametrize(
    "body", ["", "{}", "[]", "null", "{", '{"timeScale":[]}', '{"timeScale":"30MIN"}']
)
async def test_the_time_scale_is_mandatory(client, body):
    headers = {hdrs.CONTENT_TYPE: "application/json"}
    assert (await client.post(FIVE, data=body, headers=headers)).status == 500


@pytest.mark.parametrize("scales", [["5MIN"], ["30MIN"], ["5MIN", "30MIN"]])
async def test_time_scales(client, scales):
    assert len(await rows(client, kind="ACTUAL", timeScale=scales)) == 288


async def test_the_wrong_kind_of_request(client):
    headers = {hdrs.CONTENT_TYPE: "text/plain"}
    plain = await client.post(FIVE, data=json.dumps(BODY), headers=headers)
    assert plain.status == 415
    assert (await client.get(FIVE)).status == 405
    assert (await client.get(f"{REPORTS}/FUEL")).status == 404


@pytest.mark.parametrize(
    "agent",
    [
        None,
        "",
        "Python/3.14 aiohttp/3.13.0",
        "HomeAssistant/2026.11.0 aiohttp/3.13.0 Python/3.14",
        "python-requests/2.32",
    ],
)
async def test_robots_are_turned_away(home, serve, agent):
    client = await serve(home.aemo_app(), None)
    skip = [hdrs.USER_AGENT] if agent is None else []
    headers = {} if agent is None else {hdrs.USER_AGENT: agent}
    for method, path in (("POST", FIVE), ("GET", SUMMARY)):
        response = await client.request(
            method, path, json=BODY, headers=headers, skip_auto_headers=skip
        )
        assert response.status == 403
    assert home.aemo.door.requests == 2


async def test_what_was_asked_is_kept(home, client, clock, serve):
    await client.post(FIVE, json=BODY)
    clock.tick(7)
    await client.get(SUMMARY, params={"x": "1"})

    first, second = home.aemo.door.asked
    assert (first.method, first.path) == ("POST", FIVE)
    assert (second.at - first.at, second.query) == (timedelta(seconds=7), {"x": "1"})
    admin = await serve(admin_service.app(home), None)
    listed = await (await admin.get("/asked?service=aemo")).json()
    assert [item["path"] for item in listed] == [FIVE, SUMMARY]
    assert datetime.fromisoformat(listed[1]["at"]) == clock.now
    state = await (await admin.get("/state")).json()
    assert (state["aemo_requests"], state["nemweb_requests"]) == (2, 0)
    refused = await admin.get("/asked?service=amber")
    assert refused.status == 400
    assert (await refused.json())["message"] == "service must be one of aemo, nemweb"


async def test_rows_that_lag(home, client):
    before = await rows(client, kind="ACTUAL")
    home.faults.add(Fault(service=Service.AEMO, kind=FaultKind.STALE_FORECAST, count=2))
    lagging = await rows(client, kind="ACTUAL")
    assert end(lagging[-1]) == end(before[-1]) - timedelta(minutes=5)
    summary = (await (await client.get(SUMMARY)).json())["ELEC_NEM_SUMMARY"]
    assert {row["SETTLEMENTDATE"] for row in summary} == (
        {lagging[-1]["SETTLEMENTDATE"]}
    )
    assert await rows(client, kind="ACTUAL") == before


async def test_damaged_rows(home, client):
    whole = (await (await client.post(FIVE, json=BODY)).json())["5MIN"]

    async def damaged(kind):
        home.faults.add(Fault(service=Service.AEMO, kind=FaultKind(kind), count=1))
        return (await (await client.post(FIVE, json=BODY)).json())["5MIN"]

    assert await damaged("empty_list") == []
    assert {row["PERIODTYPE"] for row in await damaged("empty_forecast")} == {"ACTUAL"}
    assert len(await damaged("missing_rows")) == len(whole) - len(
        range(2, len(whole), 10)
    )
    holed = await damaged("partial_forecast")
    gone = [row for row in whole if row not in holed]
    assert {row["PERIODTYPE"] for row in gone} == {"FORECAST"}
    assert len(gone) == 4 * len(REGIONS)
    nulls = [row for row in await damaged("null_prices") if row["RRP"] is None]
    assert len(nulls) == len(range(2, len(whole), 10))
    assert {type(row["RRP"]) for row in await damaged("text_prices")} == {str}
    assert len(await damaged("duplicated_rows")) == 2 * len(whole)
    shuffled = await damaged("unsorted_rows")
    assert shuffled != whole
    assert sorted(map(str, shuffled)) == sorted(map(str, whole))


async def test_a_damaged_summary_is_damaged_everywhere(home, client):
    home.faults.add(Fault(service=Service.AEMO, kind=FaultKind.WORD_PRICES))
    summary = (await (await client.get(SUMMARY)).json())["ELEC_NEM_SUMMARY"]
    assert [row["PRICE"] for row in summary] == ["n/a"] * 5
    # A fault of forecasts waits for a request that has some.
    home.faults.clear()
    home.faults.add(Fault(service=Service.AEMO, kind=FaultKind.EMPTY_FORECAST, count=1))
    await client.get(SUMMARY)
    assert await rows(client, kind="FORECAST") == []
