"""Tesla's energy endpoints: documents, commands, refusals."""

import copy
from datetime import datetime, timedelta
import json

import pytest

from custom_components.power_sync.core.model.powerwall import ExportRule, OperationMode
from custom_components.power_sync.sim.config import TeslaSite
from custom_components.power_sync.sim.owners_tariff import OWNERS_TARIFF

SITE = TeslaSite(powerwalls=2)
PATH = f"/api/1/energy_sites/{SITE.site_id}/"


@pytest.fixture
def home(make_home):
    return make_home(tesla_sites=(SITE,))


async def read(client, name, **query):
    response = await client.get(PATH + name, params=query)
    assert response.status == 200, await response.text()
    return (await response.json())["response"]


async def send(client, name, body):
    response = await client.post(PATH + name, json=body)
    return response.status, await response.json()


def tariff(**changes):
    """The owner's tariff with some keys replaced."""
    return copy.deepcopy(OWNERS_TARIFF) | changes


def paths(document, at=""):
    """All keys of a document and the types behind them."""
    if isinstance(document, dict):
        return {at} | set().union(
            *(paths(item, f"{at}.{key}") for key, item in document.items())
        )
    if isinstance(document, list):
        return {at} | set().union(*(paths(item, f"{at}[]") for item in document))
    return {at}


async def test_live_status_has_the_captured_shape(home, tesla, sample):
    ours = await read(await tesla(home), "live_status")

    like = sample("tesla_live_status.json")["response"]
    assert list(ours) == list(like)
    # No car is plugged in, so there is no VIN.
    assert paths(ours) == paths(like) - {".wall_connectors[].vin"}
    assert [c["wall_connector_state"] for c in ours["wall_connectors"]] == [2, 2]
    assert [c["wall_connector_power"] for c in ours["wall_connectors"]] == [0, 0]
    assert [c["din"] for c in ours["wall_connectors"]] == (
        [c["din"] for c in like["wall_connectors"]]
    )


async def test_site_info_has_the_captured_shape(make_home, tesla, sample):
    site = TeslaSite(powerwalls=2, grid_charging=False, export_rule=ExportRule.PV_ONLY)
    home = make_home(tesla_sites=(site,))

    ours = await read(await tesla(home), "site_info")

    like = sample("tesla_site_info.json")["response"]
    assert list(ours) == list(like)
    assert paths(ours) == paths(like)
    assert ours["components"] | {"gateways": 0, "batteries": 0} == (
        like["components"] | {"gateways": 0, "batteries": 0}
    )
    assert ours["tariff_content_v2"] == like["tariff_content_v2"]
    assert ours["tariff_content"] == like["tariff_content"]
    assert (ours["nameplate_power"], ours["nameplate_energy"]) == (10_000, 27_000)


async def test_products_have_the_captured_shape(make_home, tesla, sample):
    home = make_home(
        tesla_sites=(SITE, TeslaSite(site_id=2252000000000009, powerwalls=0))
    )

    ours = await (await (await tesla(home)).get("/api/1/products")).json()

    like = sample("tesla_products.json")
    assert ours["count"] == like["count"] == 3
    for product, captured in zip(ours["response"], like["response"], strict=True):
        assert list(product) == list(captured)
        assert paths(product) == paths(captured)


async def test_history_has_the_captured_shape(make_home, tesla, clock, sample):
    home = make_home(tesla_sites=(SITE,), lived_in=timedelta(hours=12))

    ours = await read(await tesla(home), "calendar_history", kind="energy")

    like = sample("tesla_calendar_history_energy.json")["response"]
    assert list(ours) == list(like)
    required = {key for key in like["time_series"][0] if not key.startswith("total_")}
    for bucket in ours["time_series"]:
        assert required <= set(bucket)
        assert set(bucket) - required <= set(paths_of_totals(like))
        assert bucket["timestamp"] == bucket["raw_timestamp"]


def paths_of_totals(history):
    return {
        key
        for bucket in history["time_series"]
        for key in bucket
        if key.startswith("total_")
    }


async def test_metadata_has_the_captured_shape(home, tesla, sample):
    ours = await (await (await tesla(home)).get("/api/metadata")).json()

    like = sample("tesla_teslemetry_metadata.json")
    assert ours | {"uid": 0} == like | {"uid": 0}


@pytest.mark.parametrize("hour", range(0, 24, 3))
async def test_live_status_balances_to_the_watt(make_home, tesla, clock, hour):
    home = make_home(tesla_sites=(SITE,), lived_in=timedelta(days=1))
    clock.tick(hours=hour)

    live = await read(await tesla(home), "live_status")

    total = live["solar_power"] + live["battery_power"] + live["grid_power"]
    assert total == live["load_power"]
    assert live["load_power"] > 0
    assert live["solar_power"] >= 0
    assert live["energy_left"] / live["total_pack_energy"] == (
        pytest.approx(live["percentage_charged"] / 100, abs=1e-4)
    )
    assert datetime.fromisoformat(live["timestamp"]) == clock.now
    assert live["timestamp"].endswith("+11:00")


async def test_history_agrees_with_the_battery(make_home, tesla, clock):
    home = make_home(tesla_sites=(SITE,))
    client = await tesla(home)
    before = home.powerwall.stored_kwh
    for _ in range(40):
        clock.tick(seconds=613)
        home.advance()

    buckets = (await read(client, "calendar_history", kind="energy"))["time_series"]

    def total(*names):
        return sum(bucket[name] for bucket in buckets for name in names) / 1000

    charged = total(
        "battery_energy_imported_from_grid", "battery_energy_imported_from_solar"
    )
    efficiency = home.powerwall.battery.one_way_efficiency
    standby = home.powerwall.battery.standby_w * 40 * 613 / 3_600_000
    assert home.powerwall.stored_kwh - before == pytest.approx(
        charged * efficiency - total("battery_energy_exported") / efficiency - standby,
        abs=1e-3,
    )
    consumed = [name for name in buckets[0] if name.startswith("consumer_energy")]
    sold = [name for name in buckets[0] if name.startswith("grid_energy_exported")]
    assert total("solar_energy_exported", "grid_energy_imported") + total(
        "battery_energy_exported"
    ) == pytest.approx(total(*consumed) + total(*sold) + charged, abs=1e-3)
    stamps = [bucket["timestamp"] for bucket in buckets]
    assert stamps == sorted(set(stamps))
    assert {stamp[15] for stamp in stamps} == {"0", "5"}


async def test_the_running_bucket_grows(home, tesla, clock):
    client = await tesla(home)
    used = []
    for _ in range(3):
        clock.tick(100)
        series = (await read(client, "calendar_history", kind="energy"))["time_series"]
        used.append([bucket["total_home_usage"] for bucket in series])

    assert [len(buckets) for buckets in used] == [1, 1, 1]
    assert used[0] < used[1] < used[2]
    clock.tick(100)
    series = (await read(client, "calendar_history", kind="energy"))["time_series"]
    assert len(series) == 2
    assert series[0]["total_home_usage"] == used[2][0]


async def test_history_by_period(make_home, tesla, clock):
    home = make_home(tesla_sites=(SITE,), lived_in=timedelta(days=40))
    client = await tesla(home)

    async def solar(**query):
        history = await read(client, "calendar_history", kind="energy", **query)
        series = history["time_series"]
        return len(series), sum(row["solar_energy_exported"] for row in series)

    assert (await solar(period="day"))[0] == 13 * 12  # 13:00 on the wall
    yesterday = await solar(
        period="day",
        start_date="2026-11-19T00:00:00+11:00",
        end_date="2026-11-20T00:00:00+11:00",
    )
    assert yesterday[0] == 288
    assert (await solar(period="week"))[0] == 7
    assert (await solar(period="month"))[0] == 31
    months, lifetime = await solar(period="lifetime")
    assert months == 2
    totals = home.powerwall.history.totals()
    assert lifetime == pytest.approx(
        totals.solar_to_load + totals.solar_to_battery + totals.solar_to_grid, abs=0.01
    )
    assert (await solar(period="year"))[1] == pytest.approx(lifetime)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"kind": "backup"}, 200),
        ({"kind": "power"}, 400),
        ({}, 400),
        ({"kind": "energy", "period": "decade"}, 400),
        ({"kind": "energy", "start_date": "soon"}, 400),
    ],
)
async def test_history_queries(home, tesla, query, status):
    response = await (await tesla(home)).get(PATH + "calendar_history", params=query)

    assert response.status == status


async def test_a_tariff_is_stored_and_read_back_without_its_zeros(
    home, tesla, clock, sample
):
    client = await tesla(home)
    request = sample("tesla_tou_settings_request.json")
    home.powerwall.settings.tariff = None

    status, answer = await send(client, "time_of_use_settings", request)

    assert (status, answer) == (200, sample("tesla_tou_settings_response.json"))
    info = await read(client, "site_info")
    captured = sample("tesla_site_info.json")["response"]
    assert info["tariff_content_v2"] == captured["tariff_content_v2"]
    upload = home.tesla.uploads[-1]
    assert upload.tariff == request["tou_settings"]["tariff_content_v2"]
    assert (upload.site_id, upload.received_at) == (SITE.site_id, clock.now)
    assert upload.stored
    assert upload.warnings == ()


async def test_a_site_without_a_tariff(make_home, tesla):
    home = make_home(tesla_sites=(TeslaSite(tariff=None),))

    info = await read(await tesla(home), "site_info")

    assert not {"tariff_content", "tariff_content_v2", "tariff_id"} & set(info)


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("operation", {"default_real_mode": "self_consumption"}, 201),
        ("backup", {"backup_reserve_percent": 35}, 201),
        ("grid_import_export", {"customer_preferred_export_rule": "never"}, 204),
        (
            "grid_import_export",
            {"disallow_charge_from_grid_with_solar_installed": True},
            204,
        ),
        ("storm_mode", {"enabled": True}, 201),
    ],
)
async def test_commands_are_stored_and_read_back(home, tesla, name, body, code):
    client = await tesla(home)
    before = copy.copy(home.powerwall.settings)

    status, answer = await send(client, name, body)

    assert (status, answer["response"]["code"]) == (200, code)
    assert home.powerwall.settings != before
    info = await read(client, "site_info")
    flat = info | info["components"] | {"enabled": info["user_settings"]}
    key, value = next(iter(body.items()))
    read_back = (
        info["user_settings"]["storm_mode_enabled"] if key == "enabled" else flat[key]
    )
    assert read_back == value
    command = home.tesla.commands[-1]
    assert (command.name, command.body, command.stored) == (name, body, True)


async def test_what_is_off_is_absent(home, tesla):
    client = await tesla(home)
    switch = "disallow_charge_from_grid_with_solar_installed"

    assert switch not in (await read(client, "site_info"))["components"]
    await send(client, "grid_import_export", {switch: True})
    await send(
        client, "grid_import_export", {"customer_preferred_export_rule": "never"}
    )
    components = (await read(client, "site_info"))["components"]
    assert components[switch] is True
    assert components["non_export_configured"] is True
    await send(client, "grid_import_export", {switch: False})
    assert switch not in (await read(client, "site_info"))["components"]
    assert home.powerwall.settings.export_rule is ExportRule.NEVER


@pytest.mark.parametrize(
    ("percent", "later"), [(80, 80), (81, 80), (99, 80), (100, 100)]
)
async def test_a_reserve_of_81_to_99_does_not_last(home, tesla, clock, percent, later):
    client = await tesla(home)

    await send(client, "backup", {"backup_reserve_percent": percent})

    assert (await read(client, "site_info"))["backup_reserve_percent"] == percent
    clock.tick(minutes=30)
    assert (await read(client, "site_info"))["backup_reserve_percent"] == later


async def test_a_newer_reserve_is_not_snapped_by_an_older_one(home, tesla, clock):
    client = await tesla(home)
    await send(client, "backup", {"backup_reserve_percent": 90})
    await send(client, "backup", {"backup_reserve_percent": 30})
    clock.tick(minutes=30)

    assert (await read(client, "site_info"))["backup_reserve_percent"] == 30


def broken(change):
    """A tariff with one structural mistake."""
    content = tariff()
    change(content)
    return {"tou_settings": {"tariff_content_v2": content}}


SEASON = "AllYear"
BROKEN = {
    "no season": broken(lambda t: t.update(seasons={})),
    "seasons no object": broken(lambda t: t.update(seasons=[])),
    "no energy charges": broken(lambda t: t.pop("energy_charges")),
    "price as text": broken(
        lambda t: t["energy_charges"][SEASON]["rates"].update(ON_PEAK="0.3")
    ),
    "price without times": broken(
        lambda t: t["energy_charges"][SEASON]["rates"].update(SOMETIMES=0.3)
    ),
    "times without a price": broken(
        lambda t: t["energy_charges"][SEASON]["rates"].pop("ON_PEAK")
    ),
    "times no list": broken(
        lambda t: t["seasons"][SEASON]["tou_periods"].update(ON_PEAK={"periods": 1})
    ),
    "hour 25": broken(
        lambda t: t["seasons"][SEASON]["tou_periods"]["ON_PEAK"]["periods"][0].update(
            toHour=25
        )
    ),
    "24:30": broken(
        lambda t: t["seasons"][SEASON]["tou_periods"]["ON_PEAK"]["periods"][0].update(
            toHour=24, toMinute=30
        )
    ),
    "month 0": broken(lambda t: t["seasons"][SEASON].update(fromMonth=0)),
    "sell no object": broken(lambda t: t.update(sell_tariff="free")),
    "sell without seasons": broken(lambda t: t["sell_tariff"].pop("seasons")),
    "empty": {"tou_settings": {"tariff_content_v2": {}}},
    "text": {"tou_settings": {"tariff_content_v2": "cheap"}},
    "not wrapped": {"tariff_content_v2": tariff()},
    "strategy alone": {"tou_settings": {"optimization_strategy": "economics"}},
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN.keys())
async def test_structural_mistakes_are_refused(home, tesla, body):
    before = home.powerwall.settings.tariff

    status, answer = await send(await tesla(home), "time_of_use_settings", body)

    assert status == 400
    assert answer["error"]
    assert home.powerwall.settings.tariff is before
    assert not home.tesla.uploads


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("operation", {"default_real_mode": "turbo"}),
        ("operation", {}),
        ("backup", {"backup_reserve_percent": 101}),
        ("backup", {"backup_reserve_percent": "20"}),
        ("grid_import_export", {}),
        ("grid_import_export", {"customer_preferred_export_rule": "sometimes"}),
        (
            "grid_import_export",
            {"disallow_charge_from_grid_with_solar_installed": "no"},
        ),
        ("storm_mode", {"enabled": 1}),
        ("operation", ["autonomous"]),
    ],
)
async def test_wrong_commands_are_refused(home, tesla, name, body):
    before = copy.copy(home.powerwall.settings)

    status, _ = await send(await tesla(home), name, body)

    assert status == 400
    assert home.powerwall.settings == before
    assert not home.tesla.commands


async def test_a_body_that_is_no_json_is_refused(home, tesla):
    response = await (await tesla(home)).post(PATH + "operation", data="autonomous")

    assert response.status == 400


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (
            lambda t: t["seasons"][SEASON]["tou_periods"]["ON_PEAK"]["periods"][
                0
            ].update(toHour=20, toMinute=0),
            "buy: schedule should cover exactly 24 hours",
        ),
        (
            lambda t: t["seasons"][SEASON]["tou_periods"]["ON_PEAK"]["periods"][
                0
            ].update(fromHour=16, fromMinute=0),
            "buy: schedule should cover exactly 24 hours",
        ),
        (
            lambda t: t["sell_tariff"]["energy_charges"][SEASON]["rates"].update(
                OFF_PEAK=-0.05
            ),
            "sell: negative prices count as 0",
        ),
        (
            lambda t: t["sell_tariff"]["energy_charges"][SEASON]["rates"].update(
                ON_PEAK=0.5
            ),
            "buy: raised to the sell price where it was below",
        ),
    ],
)
async def test_other_mistakes_are_accepted_and_shown_in_the_app(
    home, tesla, change, complaint
):
    body = broken(change)

    status, _ = await send(await tesla(home), "time_of_use_settings", body)

    assert status == 200
    assert complaint in home.tesla.uploads[-1].warnings
    # Stored as it came: Tesla changes prices when it uses them, not in the document.
    rates = home.powerwall.settings.tariff.document["sell_tariff"]["energy_charges"]
    sent = body["tou_settings"]["tariff_content_v2"]["sell_tariff"]["energy_charges"]
    assert rates[SEASON] == sent[SEASON]


@pytest.mark.parametrize(
    ("token", "error"), [(None, "missing_token"), ("wrong", "invalid_token")]
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/metadata"),
        ("GET", "/api/1/products"),
        ("GET", PATH + "live_status"),
        ("POST", PATH + "operation"),
    ],
)
async def test_tokens(home, tesla, token, error, method, path):
    client = await tesla(home, token)

    response = await client.request(method, path, json={"default_real_mode": "backup"})

    assert response.status == 401
    assert await response.json() == {"error": error}
    assert home.powerwall.settings.mode is OperationMode.AUTONOMOUS


async def test_unknown_sites(home, tesla):
    client = await tesla(home)
    for site in ("1", "STE1", "-1"):
        response = await client.get(f"/api/1/energy_sites/{site}/live_status")
        assert response.status == 404
        assert (await response.json())["error"] == "not_found"


async def test_a_site_with_nothing_to_report(make_home, tesla):
    home = make_home(tesla_sites=(SITE, TeslaSite(site_id=9, powerwalls=0)))

    client = await tesla(home)
    response = await client.get("/api/1/energy_sites/9/live_status")

    assert not isinstance((await response.json())["response"], dict)


async def test_sites_are_apart(make_home, tesla):
    home = make_home(tesla_sites=(SITE, TeslaSite(site_id=8, name="Shed")))
    client = await tesla(home)

    await client.post(
        "/api/1/energy_sites/8/operation", json={"default_real_mode": "backup"}
    )

    assert home.sites[8].settings.mode is OperationMode.BACKUP
    assert home.sites[SITE.site_id].settings.mode is OperationMode.AUTONOMOUS
    assert home.powerwall is home.sites[SITE.site_id]


async def test_nan_in_a_tariff_is_refused(home, tesla):
    content = json.dumps({"tou_settings": {"tariff_content_v2": tariff()}}).replace(
        "0.48", "NaN"
    )

    response = await (await tesla(home)).post(
        PATH + "time_of_use_settings", data=content
    )

    assert response.status == 400
