"""What the strategy makes of the entities that exist."""

import json
from pathlib import Path
import re
import subprocess

import pytest
import yaml

from harness.dashboard import (
    DASHBOARD,
    DISABLED_KEYS,
    INTEGRATION,
    OTHER_KEYS,
    POWERWALL_DEVICE,
    PRICE_KEYS,
    all_entity_ids,
    entity_ids,
    home,
    main,
    module,
    render,
    run_in_node,
    run_strategy,
)

from .conftest import Generate, JsonObject, cards

# Cards that every Home Assistant has.
CORE_CARDS = {
    "energy-distribution",
    "entities",
    "gauge",
    "heading",
    "history-graph",
    "logbook",
    "markdown",
    "tile",
}
DECISIONS = "custom:power-sync-decisions"
"""The one card that PowerSync brings along."""


def headings(part: JsonObject) -> list[str]:
    """Return the headings of all sections."""
    return [
        card["heading"]
        for card in cards(part)
        if card["type"] == "heading" and "heading_style" not in card
    ]


def mentioned(part: JsonObject) -> set[str]:
    """Return all entity ids, also those in templates."""
    return set(re.findall(r"\b[a-z_]+\.[a-z0-9_]+", json.dumps(part)))


def entities_below(dashboard: JsonObject, heading: str) -> set[str]:
    """Return the entity ids in the section with a heading."""
    (found,) = (
        section
        for view in dashboard["views"]
        for section in view["sections"]
        if section["cards"][0]["heading"] == heading
    )
    return mentioned(found)


def merged(*homes: JsonObject) -> JsonObject:
    """Return a `hass` with several homes."""
    return {
        "entities": {
            key: value for home in homes for key, value in home["entities"].items()
        },
        "devices": {
            key: value for home in homes for key, value in home["devices"].items()
        },
        "states": {
            key: value for home in homes for key, value in home["states"].items()
        },
        "answers": {
            "config_entries/get": [
                entry
                for home in homes
                for entry in home["answers"]["config_entries/get"]
            ]
        },
    }


def test_yaml_file_is_the_strategy_s_answer(generate: Generate) -> None:
    dashboard = generate(home(entity_ids()))
    assert yaml.safe_load(DASHBOARD.read_text()) == dashboard
    assert render(dashboard) == DASHBOARD.read_text(), (
        "run python -m harness.dashboard --write"
    )


def test_generator_tells_a_stale_file(
    generate: Generate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "power_sync.yaml"
    monkeypatch.setattr("harness.dashboard.ROOT", tmp_path)
    monkeypatch.setattr("harness.dashboard.DASHBOARD", file)
    file.write_text("views: []\n")
    assert main([]) == 1
    assert main(["--write"]) == 0
    assert main([]) == 0


def test_every_entity_has_its_place(generate: Generate) -> None:
    ids = all_entity_ids()
    shown = mentioned(generate(home(ids)))
    missing = {key for key, entity_id in ids.items() if entity_id not in shown}
    # Sums over a lifetime belong into the energy dashboard.
    assert missing == {key for key in ids if key.startswith("lifetime_")}


def test_only_what_exists_is_shown(generate: Generate) -> None:
    """Disabled entities are not among those that a browser is told of."""
    shown = mentioned(generate(home(entity_ids())))
    ids = all_entity_ids()
    assert not {key for key in DISABLED_KEYS | OTHER_KEYS if ids[key] in shown}


def test_no_card_has_to_be_installed(generate: Generate) -> None:
    dashboard = generate(home(all_entity_ids()))
    kinds = [card["type"] for card in cards(dashboard)]
    assert set(kinds) <= CORE_CARDS | {DECISIONS}
    assert kinds.count(DECISIONS) == json.dumps(dashboard).count("custom:") == 1


def test_entities_are_found_by_what_they_are(generate: Generate) -> None:
    usual = entity_ids()
    renamed = {
        key: f"{entity_id.partition('.')[0]}.renamed_{number}_x"
        for number, (key, entity_id) in enumerate(usual.items())
    }
    text = json.dumps(generate(home(renamed)))
    for key, entity_id in renamed.items():
        text = text.replace(entity_id, usual[key])
    assert json.loads(text) == generate(home(usual))


def test_no_feed_in(generate: Generate) -> None:
    ids = entity_ids()
    feed_in = ids.pop("feed_in_price")
    dashboard = generate(home(ids))
    assert feed_in not in json.dumps(dashboard)
    gauges = [card for card in cards(dashboard) if card["type"] == "gauge"]
    assert [gauge["name"] for gauge in gauges] == [
        "Import AUD/kWh",
        "Battery",
        "of prices were below this one",
    ]
    assert gauges[0]["grid_options"]["columns"] == "full"
    assert "feed-in" not in json.dumps(dashboard).lower()


def test_price_source_alone(generate: Generate) -> None:
    ids = {key: value for key, value in entity_ids().items() if key in PRICE_KEYS}
    dashboard = generate(home(ids))
    assert headings(dashboard) == [
        "Price now",
        "Next 24 hours",
        "Last 30 days",
        "Price alerts",
        "Price source",
    ]
    assert "powerwall" not in json.dumps(dashboard).lower()


def test_powerwall_alone(generate: Generate) -> None:
    ids = {key: value for key, value in entity_ids().items() if key not in PRICE_KEYS}
    dashboard = generate(home(ids))
    assert headings(dashboard) == [
        "Power",
        "Tariff on the Powerwall",
        "Energy today",
        "Charge or discharge now",
        "In control now",
        "Your settings",
        "PowerSync may",
        "Last decisions",
        "Tariff sync",
        "Equipment and connection",
    ]
    assert "amber" not in {
        card.get("entity", "").partition(".")[2][:5] for card in cards(dashboard)
    }


def test_one_entity_is_enough(generate: Generate) -> None:
    for key, entity_id in all_entity_ids().items():
        dashboard = generate(home({key: entity_id}))
        assert "null" not in json.dumps(dashboard), key
        assert "undefined" not in json.dumps(dashboard), key
        assert dashboard["views"], f"{key}: nothing to open"
        for section in (
            part for view in dashboard["views"] for part in view["sections"]
        ):
            kinds = [card["type"] for card in section["cards"]]
            assert set(kinds) > {"heading"}, f"{key}: an empty section"


def test_only_an_empty_view_is_left_out(generate: Generate) -> None:
    ids = entity_ids()
    (view,) = generate(home({"force_charge": ids["force_charge"]}))["views"]
    assert (view["title"], view["path"]) == ("Powerwall", "powerwall")
    energy = ids["lifetime_solar_energy"]
    (nothing,) = generate(home({"lifetime_solar_energy": energy}))["views"]
    assert (nothing["title"], nothing["sections"]) == ("Home", [])


def pressed(dashboard: JsonObject) -> dict[str, JsonObject]:
    """Return what the tiles that do something do, by their names or entities."""
    return {
        card["name"] if isinstance(card["name"], str) else card["entity"]: action
        for card in cards(dashboard)
        if (action := card.get("tap_action", {})).get("action") == "perform-action"
    }


def test_buttons_press_the_buttons(generate: Generate) -> None:
    """Covers B-09 and B-13."""
    ids = entity_ids()
    actions = pressed(generate(home(ids)))
    assert {
        name: action["target"]["entity_id"] for name, action in actions.items()
    } == {
        ids["force_charge"]: ids["force_charge"],
        ids["force_discharge"]: ids["force_discharge"],
        "Stop, and restore my settings": ids["restore"],
        "Push tariff": ids["push_tariff"],
        "Refresh": ids["sync_now"],
    }
    assert {action["perform_action"] for action in actions.values()} == {"button.press"}


def test_force_is_told_while_it_runs(generate: Generate) -> None:
    ids = entity_ids()
    telling = [
        card
        for card in cards(generate(home(ids)))
        if mentioned({key: card[key] for key in card if key != "visibility"})
        & {ids["force_remaining"], ids["force_until"]}
        and card["type"] != "markdown"
    ]
    assert [card["visibility"][0] for card in telling] == [
        {
            "condition": "numeric_state",
            "entity": ids["force_remaining"],
            "above": 0,
        },
        {
            "condition": "state",
            "entity": ids["force_until"],
            "state_not": ["unavailable", "unknown"],
        },
    ]


def test_market_has_a_section_where_it_is_watched(generate: Generate) -> None:
    """Covers B-07."""
    assert "Wholesale price" not in headings(generate(home(entity_ids())))
    ids = all_entity_ids()
    market = {key: ids[key] for key in ("market_price", "spike_active")}
    hass = home(entity_ids() | market, entry_id="01ABC")
    hass["states"][ids["spike_active"]] = {"attributes": {"threshold": 800.0}}
    dashboard = generate(hass)
    assert entities_below(dashboard, "Wholesale price") - {
        "power_sync.simulate_spike"
    } == set(market.values())
    (gauge,) = (
        card
        for card in cards(dashboard)
        if card.get("entity") == market["market_price"] and card["type"] == "gauge"
    )
    assert gauge["segments"][-1]["from"] == 800
    assert "800" in gauge["name"]


@pytest.mark.parametrize(
    ("threshold", "price"), [(None, 1000), (300.0, 1000), (800.5, 1601)]
)
def test_rehearsal_is_a_spike_and_asks_first(
    generate: Generate, threshold: float | None, price: int
) -> None:
    ids = all_entity_ids()
    hass = home(
        {"market_price": ids["market_price"], "spike_active": ids["spike_active"]},
        entry_id="01ABC",
    )
    if threshold is not None:
        hass["states"][ids["spike_active"]] = {"attributes": {"threshold": threshold}}
    (action,) = pressed(generate(hass)).values()
    assert action["perform_action"] == "power_sync.simulate_spike"
    assert action["data"] == {
        "config_entry_id": "01ABC",
        "price": price,
        "duration": 5,
    }
    assert str(price) in action["confirmation"]["text"]


def test_only_switches_that_exist_are_explained(generate: Generate) -> None:
    def explanation(ids: dict[str, str]) -> str:
        (content,) = (
            card["content"]
            for card in cards(generate(home(ids)))
            if "What these do" in card.get("content", "")
        )
        return str(content)

    assert "Spike response" not in explanation(entity_ids())
    assert "Spike response" in explanation(all_entity_ids())


def test_statistics_that_somebody_enabled(generate: Generate) -> None:
    usual, ids = entity_ids(), all_entity_ids()
    few = entities_below(generate(home(usual)), "Last 30 days")
    assert few == {
        ids[key]
        for key in (
            "price_percentile",
            "price_mean",
            "price_p25",
            "price_p90",
            "price_days",
        )
    }
    one = entities_below(
        generate(home(usual | {"price_median": ids["price_median"]})), "Last 30 days"
    )
    assert one == few | {ids["price_median"]}


def test_demand_charge_has_a_section_where_there_is_one(generate: Generate) -> None:
    assert "Demand charge" not in headings(generate(home(entity_ids())))
    ids = all_entity_ids()
    demand = {key: ids[key] for key in ("peak_demand", "demand_cost", "demand_charged")}
    dashboard = generate(home(entity_ids() | demand))
    assert entities_below(dashboard, "Demand charge") == set(demand.values())


def test_prices_without_delivery_are_near_the_price(generate: Generate) -> None:
    ids = all_entity_ids()
    supply = {
        key: ids[key]
        for key in ("supply_price", "hour_average_price", "expected_hour_price")
    }
    dashboard = generate(home(entity_ids() | supply))
    assert set(supply.values()) <= entities_below(dashboard, "Price now")
    # What is counted and watched there are such prices, too.
    assert {
        "Last 30 days, without delivery",
        "Price alerts, without delivery",
    } <= set(headings(dashboard))
    assert "delivery" not in json.dumps(generate(home(entity_ids())))


@pytest.mark.parametrize(
    ("keys", "widths"),
    [
        (["price_estimate"], ["full"]),
        (["price_estimate", "wholesale_price"], [6, 6]),
        (["price_descriptor", "price_estimate", "wholesale_price"], [6, 6, "full"]),
        (["renewables", "demand_window", "price_estimate"], [6, 6, 6]),
    ],
    ids=["one", "two", "three", "one is two rows high"],
)
def test_no_half_tile_stands_alone(
    generate: Generate, keys: list[str], widths: list[int | str]
) -> None:
    ids = all_entity_ids()
    dashboard = generate(home({key: ids[key] for key in keys}))
    tiles = [card for card in cards(dashboard) if card["type"] == "tile"]
    assert [tile["grid_options"]["columns"] for tile in tiles] == widths


def test_alerts_are_told_from_the_first_one_on(generate: Generate) -> None:
    alert = entity_ids()["price_alert"]
    telling = [
        card
        for card in cards(generate(home(entity_ids())))
        if alert in mentioned({key: card[key] for key in card if key != "visibility"})
    ]
    assert [card["type"] for card in telling] == ["tile", "logbook"]
    for card in telling:
        (condition,) = card["visibility"]
        assert condition["entity"] == alert
        assert "unknown" in condition["state_not"]


def test_hidden_entities_are_not_shown(generate: Generate) -> None:
    ids = entity_ids()
    dashboard = generate(home(ids, hidden={"renewables", "decision"}))
    assert ids["renewables"] not in json.dumps(dashboard)
    assert "Last decisions" not in headings(dashboard)


def test_two_homes_have_their_own_views(generate: Generate) -> None:
    ours = entity_ids()
    theirs = {key: f"{value}_2" for key, value in ours.items()}
    hass = merged(
        home(theirs, entry_id="B", title="Beach house"),
        home(ours, entry_id="A", title="Home"),
    )
    views = generate(hass)["views"]
    assert [(view["title"], view["path"]) for view in views] == [
        ("Beach house", "b"),
        ("Beach house: Powerwall", "b-powerwall"),
        ("Home", "a"),
        ("Home: Powerwall", "a-powerwall"),
    ]
    for view in views[:2]:
        used = {card["entity"] for card in cards(view) if "entity" in card}
        assert used
        assert used <= set(theirs.values())
    alone = generate(home(ours))["views"]
    assert [(view["title"], view["path"]) for view in alone] == [
        ("Home", "home"),
        ("Powerwall", "powerwall"),
    ]
    for town, view in zip(views[2:], alone, strict=True):
        assert town == view | {"title": town["title"], "path": town["path"]}


def test_titles_are_not_needed(generate: Generate) -> None:
    hass = home(entity_ids())
    del hass["answers"]["config_entries/get"]
    assert generate(hass) == generate(home(entity_ids()))


def test_no_home_says_how_to_get_one(generate: Generate) -> None:
    hass = home({})
    hass["entities"] = {
        "sensor.other": {
            "entity_id": "sensor.other",
            "platform": "teslemetry",
            "translation_key": "battery_level",
            "device_id": f"home_{POWERWALL_DEVICE.lower()}",
        }
    }
    (view,) = generate(hass)["views"]
    (advice,) = (card for card in cards(view) if card["type"] == "markdown")
    assert "/config/integrations/dashboard/add?domain=power_sync" in advice["content"]


@pytest.mark.parametrize(
    ("preferences", "shown"),
    [(None, False), ({"energy_sources": []}, False), ({"energy_sources": [{}]}, True)],
    ids=["none", "empty", "set up"],
)
def test_energy_cards_only_with_an_energy_dashboard(
    generate: Generate, preferences: JsonObject | None, shown: bool
) -> None:
    hass = home(entity_ids())
    if preferences is not None:
        hass["answers"]["energy/get_prefs"] = preferences
    kinds = {card["type"] for card in cards(generate(hass))}
    assert ("energy-distribution" in kinds) == shown


def test_bands_fit_the_currency(generate: Generate) -> None:
    hass = home(entity_ids())
    for state in hass["states"].values():
        state["attributes"]["unit_of_measurement"] = "USD/kWh"
    gauge = next(card for card in cards(generate(hass)) if card["type"] == "gauge")
    edges = [segment["from"] for segment in gauge["segments"]]
    assert edges == [-0.04, 0, 0.04, 0.06, 0.08]  # cents that ComEd's customers know


def test_announced_once_however_often_it_is_loaded(generate: Generate) -> None:
    (announced,) = run_strategy(home({}), loaded=2)["announced"]
    assert announced["type"] == "power-sync"
    assert announced["strategyType"] == "dashboard"
    assert announced["name"] == "PowerSync"


def test_failure_of_the_strategy_is_not_swallowed(generate: Generate) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        run_strategy({"answers": {}})


def test_words_are_those_of_the_entities() -> None:
    words = run_in_node(
        """
const module = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
import(module).then((words) => console.log(JSON.stringify(words)));
""",
        module("words"),
    )
    texts = json.loads((INTEGRATION / "translations" / "en.json").read_text())["entity"]
    attributes = texts["event"]["decision"]["state_attributes"]
    assert words["LEVERS"] == attributes["lever"]["state"]
    assert words["FEATURES"] == attributes["feature"]["state"]
    settings = [
        texts["select"][key]["state"] for key in ("operation_mode", "export_rule")
    ]
    assert words["VALUES"] == settings[0] | settings[1]
    assert words["REASONS"].keys() < attributes["reason"]["state"].keys()
    assert words["OUTCOMES"].keys() == attributes["action"]["state"].keys()


def test_every_key_exists_in_the_integration() -> None:
    texts = json.loads((INTEGRATION / "translations" / "en.json").read_text())
    known = {key for entities in texts["entity"].values() for key in entities}
    assert known >= PRICE_KEYS
