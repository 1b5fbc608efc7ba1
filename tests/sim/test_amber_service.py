"""Amber's wire format, rules of the service included."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from custom_components.power_sync.sim.config import AmberSite
from custom_components.power_sync.sim.prices import NEM

SITE = AmberSite(controlled_load=True)
CURRENT = f"/v1/sites/{SITE.site_id}/prices/current"
DAYS = f"/v1/sites/{SITE.site_id}/prices"


class FlatTruth:
    """One price for ever."""

    def __init__(self, rrp):
        self.rrp = rrp

    def spot(self, start):
        return self.rrp

    def forecast(self, start, minutes, known_at):
        return self.rrp


@pytest.fixture
def home(make_home):
    return make_home(amber_sites=(SITE,))


async def rows(client, path=CURRENT, **query):
    response = await client.get(path, params=query)
    assert response.status == 200, await response.text()
    return await response.json()


def channel(listed, name="general"):
    return [row for row in listed if row["channelType"] == name]


def start_of(row):
    """The true start: Amber's startTime is one second late."""
    return datetime.fromisoformat(row["endTime"]) - timedelta(minutes=row["duration"])


def shape(value):
    """Types all the way down, with numbers alike."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value[:1]]
    if isinstance(value, bool):
        return "bool"
    return "number" if isinstance(value, int | float) else type(value).__name__


@pytest.mark.parametrize(
    "name", ["amber_prices_5min.json", "amber_prices_current_30min.json"]
)
async def test_rows_have_the_shape_of_captured_ones(make_home, amber, sample, name):
    thirty = "30min" in name
    site = AmberSite(interval_minutes=30 if thirty else 5, controlled_load=True)
    home = make_home(amber_sites=(site,))
    captured = {
        (row["type"], row["channelType"]): row
        for row in sample(name)
        if "range" not in row
    }

    ours = await rows(await amber(home), next=30, previous=2)

    for row in ours:
        like = captured.get((row["type"], row["channelType"]))
        if like is not None:
            assert list(row) == list(like)
            assert shape(row) == shape(like)
            assert len(row["startTime"]) == len(like["startTime"])
            assert len(row["nemTime"]) == len(like["nemTime"])
    assert {(row["type"], row["channelType"]) for row in ours} >= set(captured)


async def test_sites_have_the_shape_of_captured_ones(make_home, amber, sample):
    sites = (
        AmberSite(interval_minutes=30),
        AmberSite(site_id="B", controlled_load=True),
        AmberSite(
            site_id="C",
            feed_in=False,
            status="closed",
            closed_on="2024-03-01",
            interval_minutes=30,
        ),
        AmberSite(site_id="D", feed_in=False, status="pending"),
    )
    home = make_home(amber_sites=sites)

    ours = await (await (await amber(home)).get("/v1/sites")).json()

    for site, like in zip(ours, sample("amber_sites.json"), strict=True):
        assert list(site) == list(like)
        assert [c["type"] for c in site["channels"]] == (
            [c["type"] for c in like["channels"]]
        )
        assert site["status"] == like["status"]
        assert site.get("intervalLength") == like.get("intervalLength")


async def test_channels_come_one_after_the_other_in_time_order(home, amber):
    listed = await rows(await amber(home), next=100, previous=3)

    names = [row["channelType"] for row in listed]
    assert names == sorted(names, key=["general", "controlledLoad", "feedIn"].index)
    for name in set(names):
        ends = [row["endTime"] for row in channel(listed, name)]
        assert ends == sorted(set(ends))
        assert len(ends) == len(channel(listed))


async def test_labels_are_ends_and_starts_are_a_second_late(home, amber, clock):
    clock.set("2026-11-20T16:22:10")

    listed = channel(await rows(await amber(home), next=100, previous=2))

    current = listed[2]
    assert [row["type"] for row in listed[:4]] == (
        ["ActualInterval"] * 2 + ["CurrentInterval", "ForecastInterval"]
    )
    assert current["startTime"] == "2026-11-20T06:20:01Z"
    assert current["endTime"] == "2026-11-20T06:25:00Z"
    assert current["nemTime"] == "2026-11-20T16:25:00+10:00"
    for before, after in pairwise(listed):
        assert start_of(after) == datetime.fromisoformat(before["endTime"])
    for row in listed:
        assert datetime.fromisoformat(row["nemTime"]) == (
            datetime.fromisoformat(row["endTime"])
        )


async def test_the_last_interval_of_a_day_belongs_to_that_day(home, amber, clock):
    clock.set("2026-11-20T23:55:10")

    last, following = channel(await rows(await amber(home), next=1))

    assert (last["nemTime"][:16], last["date"]) == ("2026-11-21T00:00", "2026-11-20")
    assert following["date"] == "2026-11-21"


@pytest.mark.parametrize(
    ("now", "five_minute_rows", "end"),
    [
        ("2026-11-20T16:20:10", 8, "2026-11-22T04:00"),
        ("2026-11-20T12:29:59", 7, "2026-11-21T04:00"),
        ("2026-11-20T12:30:00", 12, "2026-11-22T04:00"),
        ("2026-11-20T23:59:59", 7, "2026-11-22T04:00"),
        ("2026-11-21T00:00:00", 12, "2026-11-22T04:00"),
        ("2026-11-21T04:05:00", 11, "2026-11-22T04:00"),
    ],
)
async def test_resolution_and_horizon(home, amber, clock, now, five_minute_rows, end):
    clock.set(now)

    listed = channel(await rows(await amber(home), next=2048))

    durations = [row["duration"] for row in listed]
    assert durations.count(5) == five_minute_rows
    assert durations == sorted(durations)
    assert listed[five_minute_rows - 1]["endTime"][14:16] in {"00", "30"}
    assert listed[-1]["nemTime"][:16] == end


async def test_next_and_previous_are_counts_per_channel(home, amber):
    client = await amber(home)

    assert len(await rows(client)) == 3
    assert len(await rows(client, next=4, previous=7)) == 3 * 12
    assert len(channel(await rows(client, next=2048))) < 100


async def test_half_hourly_resolution_on_a_five_minute_site(home, amber):
    listed = channel(await rows(await amber(home), next=10, previous=1, resolution=30))

    assert {row["duration"] for row in listed} == {30}
    assert len(listed) == 12


async def test_actual_half_hours_are_means_of_their_five_minutes(home, amber):
    client = await amber(home)

    six = channel(await rows(client, previous=6))[:6]
    one = channel(await rows(client, previous=1, resolution=30))[0]

    assert one["spotPerKwh"] == pytest.approx(
        sum(row["spotPerKwh"] for row in six) / 6, abs=1e-4
    )


@pytest.mark.parametrize("rrp", [87.0, -62.5, 15_300.0, 0.0])
async def test_units_and_signs(make_home, amber, clock, rrp):
    clock.set("2026-11-20T02:00:10")  # 03:00 on the wall: no peak
    home = make_home(amber_sites=(SITE,), prices=FlatTruth(rrp))

    general, controlled, feed_in = await rows(await amber(home))

    spot = rrp * 1.1 / 10
    for row in (general, controlled, feed_in):
        assert row["spotPerKwh"] == pytest.approx(spot)
    assert general["perKwh"] == pytest.approx(spot + 9.3)
    assert controlled["perKwh"] == pytest.approx(spot + 4.7)
    # Paid (negative) while the market pays, without GST, losses on top.
    assert feed_in["perKwh"] == pytest.approx(-rrp / 10 * 1.048)


@pytest.mark.parametrize("rrp", [87.0, -62.5, 15_300.0])
async def test_advanced_prices_are_ordered_by_spot(make_home, amber, rrp):
    home = make_home(amber_sites=(SITE,), prices=FlatTruth(rrp))

    general, _, feed_in = await rows(await amber(home))

    low, middle, high = general["advancedPrice"].values()
    assert low < middle < high
    low, middle, high = feed_in["advancedPrice"].values()
    assert low > middle > high  # by revenue: Amber's sign is the other way round


@pytest.mark.parametrize(
    ("rrp", "status", "word", "has_range"),
    [
        (-62.5, "none", "extremelyLow", False),
        (87.0, "none", "veryLow", False),
        (200.0, "none", "neutral", False),
        (1_200.0, "potential", "high", True),
        (4_000.0, "spike", "spike", True),
    ],
)
async def test_words_for_prices(make_home, amber, clock, rrp, status, word, has_range):
    clock.set("2026-11-20T02:00:10")
    home = make_home(amber_sites=(SITE,), prices=FlatTruth(rrp))

    general = channel(await rows(await amber(home)))[0]

    assert (general["spikeStatus"], general["descriptor"]) == (status, word)
    assert ("range" in general) is has_range
    if has_range:
        assert general["range"]["min"] < general["spotPerKwh"] < general["range"]["max"]


async def test_peak_follows_the_wall_clock(make_home, amber, clock):
    home = make_home(amber_sites=(SITE,), prices=FlatTruth(100))
    clock.set("2026-11-20T13:55:10")  # 14:55 in Sydney's summer time

    before, after = channel(await rows(await amber(home), next=1))

    assert before["tariffInformation"] == {
        "period": "solarSponge",
        "season": "spring",
        "demandWindow": False,
    }
    assert after["tariffInformation"]["demandWindow"] is True
    assert after["perKwh"] - before["perKwh"] == pytest.approx(38)


@pytest.mark.parametrize("minutes", [5, 30])
async def test_an_estimate_becomes_final_soon_after_the_last_five_minutes_began(
    make_home, amber, clock, minutes
):
    home = make_home(amber_sites=(AmberSite(interval_minutes=minutes),))
    client = await amber(home)
    home.amber._budgets.clear()
    begin = clock.now + timedelta(minutes=minutes - 5)
    delays = []
    for _ in range(12):
        clock.now = begin
        assert channel(await rows(client))[0]["estimate"] is True
        while channel(await rows(client))[0]["estimate"]:
            clock.tick(1)
            home.amber._budgets.clear()
        delays.append((clock.now - begin).total_seconds())
        begin += timedelta(minutes=minutes)

    assert min(delays) >= 16
    assert max(delays) <= 38
    assert len(set(delays)) > 3


async def test_the_final_price_is_the_truth_and_the_estimate_a_guess(
    home, amber, clock
):
    client = await amber(home)
    truth = home.prices.spot(clock.now) * 0.11

    guess = channel(await rows(client))[0]["spotPerKwh"]
    clock.tick(45)
    final = channel(await rows(client))[0]["spotPerKwh"]
    clock.tick(300)
    actual = channel(await rows(client, previous=1))[0]["spotPerKwh"]

    assert guess != final
    assert final == actual == pytest.approx(truth, abs=1e-5)


async def test_half_hourly_forecasts_stand_for_half_an_hour(home, amber, clock):
    client = await amber(home)

    first = channel(await rows(client, next=60))
    clock.tick(minutes=20)
    second = channel(await rows(client, next=60))
    clock.tick(minutes=10)
    third = channel(await rows(client, next=60))

    def by_end(listed):
        return {
            row["endTime"]: row["perKwh"] for row in listed if row["duration"] == 30
        }

    assert by_end(first) == by_end(second)
    common = by_end(second).keys() & by_end(third).keys()
    assert len(common) > 20
    assert all(by_end(second)[end] != by_end(third)[end] for end in common)


async def test_days(home, amber, clock):
    clock.set("2026-11-20T16:22:10")
    client = await amber(home)

    today = channel(await rows(client, DAYS))
    past = channel(
        await rows(client, DAYS, startDate="2026-11-18", endDate="2026-11-19")
    )

    assert [row["type"] for row in past] == ["ActualInterval"] * 576
    assert past[0]["nemTime"] == "2026-11-18T00:05:00+10:00"
    assert {row["date"] for row in past} == {"2026-11-18", "2026-11-19"}
    kinds = [row["type"] for row in today]
    assert kinds.count("CurrentInterval") == 1
    assert kinds.index("CurrentInterval") == (16 * 60 + 20) // 5
    assert today[-1]["nemTime"] == "2026-11-21T00:00:00+10:00"
    assert {row["date"] for row in today} == {"2026-11-20"}


async def test_days_and_current_agree(home, amber):
    client = await amber(home)
    day = await rows(client, DAYS)
    near = await rows(client, next=5, previous=5)

    assert all(row in day for row in near)


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        (CURRENT, {"next": 2000, "previous": 48}, 200),
        (CURRENT, {"next": 2000, "previous": 49}, 422),
        (CURRENT, {"next": -1}, 400),
        (CURRENT, {"next": "many"}, 400),
        (CURRENT, {"resolution": 15}, 400),
        (DAYS, {"startDate": "2026-11-01", "endDate": "2026-11-07"}, 200),
        (DAYS, {"startDate": "2026-11-01", "endDate": "2026-11-08"}, 422),
        (DAYS, {"startDate": "2026-11-02", "endDate": "2026-11-01"}, 422),
        (DAYS, {"startDate": "yesterday"}, 400),
        (CURRENT.replace(SITE.site_id, "01UNKNOWN"), {}, 404),
        (DAYS.replace(SITE.site_id, "01UNKNOWN"), {}, 404),
        ("/v1/nothing", {}, 404),
    ],
)
async def test_refusals(home, amber, path, query, status):
    response = await (await amber(home)).get(path, params=query)

    assert response.status == status
    if status in {400, 422}:
        assert "message" in await response.json()
        assert response.headers["RateLimit-Remaining"] == "49"


@pytest.mark.parametrize(("token", "status"), [(None, 401), ("psk_wrong", 403)])
@pytest.mark.parametrize("path", ["/v1/sites", CURRENT, DAYS])
async def test_tokens(home, amber, token, status, path):
    response = await (await amber(home, token)).get(path)

    assert response.status == status


async def test_sites_without_prices(make_home, amber):
    sites = tuple(
        AmberSite(site_id=status, status=status) for status in ("closed", "pending")
    )
    client = await amber(make_home(amber_sites=sites))

    for site in sites:
        assert await rows(client, f"/v1/sites/{site.site_id}/prices/current") == []
        assert await rows(client, f"/v1/sites/{site.site_id}/prices") == []


async def test_a_site_without_solar_has_import_prices_only(make_home, amber):
    home = make_home(amber_sites=(AmberSite(feed_in=False),))

    listed = await rows(await amber(home), next=9)

    assert {row["channelType"] for row in listed} == {"general"}


async def test_fifty_requests_in_five_minutes(home, amber, clock):
    client = await amber(home)
    for used in range(1, 51):
        response = await client.get(CURRENT)
        assert response.status == 200
        assert response.headers["RateLimit-Limit"] == "50"
        assert response.headers["RateLimit-Policy"] == "50;w=300"
        assert response.headers["RateLimit-Remaining"] == str(50 - used)
        clock.tick(2)

    refused = await client.get(CURRENT)
    assert refused.status == 429
    assert refused.headers["RateLimit-Remaining"] == "0"
    assert refused.headers["RateLimit-Reset"] == "200"

    clock.tick(199)
    assert (await client.get("/v1/sites")).status == 429
    clock.tick(1)
    assert (await client.get("/v1/sites")).headers["RateLimit-Remaining"] == "49"


async def test_what_was_served_is_kept(home, amber, clock):
    heard = []
    home.amber.listeners.append(heard.append)
    client = await amber(home)

    listed = await rows(client, next=3)

    served = home.amber.served[-1]
    assert heard == [served]
    assert served.rows == listed
    assert served.path == CURRENT
    assert served.query == {"next": "3"}
    assert served.site_id == SITE.site_id
    assert served.served_at == clock.now.astimezone(UTC)


async def test_a_thirty_minute_site_blends_what_is_known(make_home, amber, clock):
    home = make_home(amber_sites=(AmberSite(interval_minutes=30),))
    client = await amber(home)
    begin = clock.now
    truths = [
        home.prices.spot(begin + timedelta(minutes=5 * i)) * 0.11 for i in range(6)
    ]

    clock.tick(minutes=29)
    almost = channel(await rows(client))[0]
    assert almost["spotPerKwh"] == pytest.approx(sum(truths) / 6, abs=1e-4)
    assert almost["estimate"] is False

    clock.now = begin + timedelta(minutes=11)
    partly = channel(await rows(client))[0]
    known_at = begin + timedelta(minutes=5)
    expected = truths[:2] + [
        home.prices.forecast(begin + timedelta(minutes=5 * i), 5, known_at) * 0.11
        for i in range(2, 6)
    ]
    assert partly["spotPerKwh"] == pytest.approx(sum(expected) / 6, abs=1e-4)
    assert partly["estimate"] is True
    assert datetime.fromisoformat(partly["nemTime"]).tzinfo.utcoffset(None) == (
        NEM.utcoffset(None)
    )
