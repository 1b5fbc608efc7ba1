"""The templates of the dashboard's cards render, whatever the entities say."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
import re
from typing import Any
from xml.etree import ElementTree as ET

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.template import Template
import pytest

from harness.dashboard import all_entity_ids, entity_ids, home

from .conftest import Generate, cards

NOW = datetime(2026, 11, 21, 1, 32, tzinfo=UTC)  # 12:32 in Sydney
IDS = entity_ids() | {"spike_active": all_entity_ids()["spike_active"]}
BUY = IDS["current_electricity_price"]
SELL = IDS["feed_in_price"]
TARIFF = IDS["tariff_schedule"]
RESULT = IDS["last_sync_result"]
SVG = "{http://www.w3.org/2000/svg}"
UNIT = {"unit_of_measurement": "AUD/kWh"}

type Render = Callable[[str], str]


@pytest.fixture
async def render(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, generate: Generate
) -> Render:
    """Return a function that renders the markdown card that mentions something."""
    await hass.config.async_set_time_zone("Australia/Sydney")
    freezer.move_to(NOW)
    contents = [
        card["content"]
        for card in cards(generate(home(IDS)))
        if card["type"] == "markdown"
    ]

    def rendered(mark: str) -> str:
        (content,) = (content for content in contents if mark in content)
        # As the card asks for it: a variable that does not exist is an error.
        return str(
            Template(content, hass).async_render(parse_result=False, strict=True)
        )

    return rendered


def picture(text: str) -> ET.Element:
    """Return the picture in a card; fail if it is none, or would not be shown."""
    (data,) = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', text)
    line = next(line for line in text.splitlines() if "<img" in line)
    # Alone on a line it would turn the rest of the paragraph into plain text.
    assert line.startswith("<img")
    svg = base64.b64decode(data).decode()
    assert not re.search(r"None|nan|Undefined|\{\{|\}\}", svg)
    return ET.fromstring(svg)


def bars(svg: ET.Element) -> list[ET.Element]:
    return list(svg.iter(f"{SVG}rect"))


def labels(svg: ET.Element) -> list[str]:
    return [text.text or "" for text in svg.iter(f"{SVG}text")]


def set_forecast(
    hass: HomeAssistant, entity_id: str, prices: list[float], minutes: int = 30
) -> None:
    start = NOW.replace(minute=30)
    hass.states.async_set(
        entity_id,
        str(prices[0]),
        UNIT
        | {
            "forecast": [
                {
                    "start": (start + timedelta(minutes=minutes * i)).isoformat(),
                    "end": (start + timedelta(minutes=minutes * (i + 1))).isoformat(),
                    "price": price,
                }
                for i, price in enumerate(prices)
            ]
        },
    )


def set_schedule(
    hass: HomeAssistant, buy: list[float | None], sell: list[float | None]
) -> None:
    hass.states.async_set(
        TARIFF,
        "0.2",
        UNIT
        | {
            "name": "PowerSync",
            "utility": "Amber Electric",
            "running": 25,
            "schedule": [
                {"start": f"{i // 2:02}:{i % 2 * 30:02}", "buy": b, "sell": s}
                for i, (b, s) in enumerate(zip(buy, sell, strict=True))
            ],
        },
    )


@pytest.mark.parametrize("state", [None, "unavailable", "unknown"])
def test_nothing_known(hass: HomeAssistant, render: Render, state: str | None) -> None:
    if state:
        for entity_id in IDS.values():
            hass.states.async_set(entity_id, state)
    assert "The price is not known" in render("Electricity costs")
    assert "No forecast" in render("'forecast'")
    assert "no tariff" in render("'schedule'")
    assert "Nothing was decided yet" in render("outcomes")
    assert bars(picture(render("energy came from"))) == []
    assert render("set levers").strip() == "All settings are as you left them."
    assert render("set ways").strip() == ""
    assert render("per MWh on").strip() == ""


def test_forecast_becomes_bars(hass: HomeAssistant, render: Render) -> None:
    set_forecast(hass, BUY, [0.1, -0.05, 0.25, 0.5, 0.7, 0.15])
    set_forecast(hass, SELL, [0.05, -0.1, 0.1, 0.2, 0.3, 0.05])
    text = render("'forecast'")
    svg = picture(text)
    drawn = bars(svg)
    assert len(drawn) == 6
    assert len({bar.get("fill") for bar in drawn}) == 5, "a colour for each band"
    # All of the width is used, however short the forecast is.
    last = drawn[-1]
    assert float(last.get("x", 0)) == pytest.approx(1000 * 5 / 6, abs=0.1)
    (line,) = svg.iter(f"{SVG}path")
    assert line.get("d", "").count("H") == 6
    assert "Cheapest **-0.050** at 13:00, dearest **0.700** at 14:30." in text


def test_height_is_to_scale(hass: HomeAssistant, render: Render) -> None:
    set_forecast(hass, BUY, [0.1, 0.2, 0.4])
    heights = [
        float(bar.get("height", 0)) for bar in bars(picture(render("'forecast'")))
    ]
    assert heights[1] == pytest.approx(2 * heights[0], abs=0.2)
    assert heights[2] == pytest.approx(4 * heights[0], abs=0.3)


def test_only_the_next_24_hours(hass: HomeAssistant, render: Render) -> None:
    set_forecast(hass, BUY, [0.1] * 60)
    svg = picture(render("'forecast'"))
    assert len(bars(svg)) == 48
    assert [label for label in labels(svg) if label == "Sun"] == ["Sun"]


@pytest.mark.parametrize(
    ("zone", "hours"), [("Australia/Sydney", 2.5), ("Australia/Adelaide", 3.0)]
)
async def test_hours_are_where_they_belong(
    hass: HomeAssistant, render: Render, zone: str, hours: float
) -> None:
    await hass.config.async_set_time_zone(zone)
    set_forecast(hass, BUY, [0.1] * 60)  # from 12:30 in Sydney, 12:00 in Adelaide
    svg = picture(render("'forecast'"))
    mark = next(text for text in svg.iter(f"{SVG}text") if text.text == "15")
    assert float(mark.get("x", "").rstrip("%")) == pytest.approx(
        100 * hours / 24, abs=0.02
    )


def test_spike_does_not_hide_the_rest(hass: HomeAssistant, render: Render) -> None:
    set_forecast(hass, BUY, [0.25] * 20 + [15.2, 16.7, 12.0] + [0.25] * 20)
    svg = picture(render("'forecast'"))
    heights = [float(bar.get("height", 0)) for bar in bars(svg)]
    assert heights[0] > max(heights) / 5
    assert [label for label in labels(svg) if label.startswith("▲")] == ["▲16.70"]


def test_labels_of_peaks_do_not_overlap(hass: HomeAssistant, render: Render) -> None:
    prices = [0.25] * 10 + [5.0, 5.0, 4.0, 6.0, 6.0] + [0.25] * 15 + [3.0] * 4
    set_forecast(hass, BUY, prices)
    svg = picture(render("'forecast'"))
    found = [label for label in labels(svg) if label.startswith("▲")]
    assert found == ["▲6.00", "▲3.00"]


@pytest.mark.parametrize(
    "prices",
    [[0.0] * 5, [-1.0] * 5, [23.0], [-1.0, 23.0] * 10, [0.001, 0.002]],
    ids=["free", "paid to use", "one", "wild", "tiny"],
)
def test_unusual_prices_fit_the_picture(
    hass: HomeAssistant, render: Render, prices: list[float]
) -> None:
    set_forecast(hass, BUY, prices, minutes=5)
    set_forecast(hass, SELL, [-price for price in prices], minutes=5)
    svg = picture(render("'forecast'"))
    height = float(svg.get("height", 0))
    assert len(bars(svg)) == len(prices)
    for bar in bars(svg):
        top = float(bar.get("y", 0))
        assert 0 <= top <= top + float(bar.get("height", 0)) <= height
    assert len(labels(svg)) < 20


def test_tariff_becomes_48_bars(hass: HomeAssistant, render: Render) -> None:
    buy: list[float | None] = [round(0.1 + i / 100, 2) for i in range(48)]
    sell: list[float | None] = [round(i / 100, 2) for i in range(48)]
    set_schedule(hass, buy, sell)
    text = render("'schedule'")
    svg = picture(text)
    assert len(bars(svg)) == 48
    assert {"today", "tomorrow"} <= set(labels(svg))
    assert "Now **0.350** to buy, **0.250** to sell." in text
    assert "*PowerSync* of *Amber Electric*" in text


def test_tariff_with_open_half_hours(hass: HomeAssistant, render: Render) -> None:
    buy: list[float | None] = [0.2] * 20 + [None] * 8 + [0.3] * 20
    set_schedule(hass, buy, [None] * 48)
    text = render("'schedule'")
    assert len(bars(picture(text))) == 40
    assert "Now **-** to buy, **-** to sell." in text


def test_tariff_without_any_price(hass: HomeAssistant, render: Render) -> None:
    set_schedule(hass, [None] * 48, [None] * 48)
    assert "no tariff" in render("'schedule'")


def test_energy_balance(hass: HomeAssistant, render: Render) -> None:
    for key, kwh in {
        "solar": 18.0,
        "grid_import": 2.0,
        "battery_discharge": 0.0,
        "home": 10.0,
        "grid_export": 4.0,
        "battery_charge": 6.0,
    }.items():
        hass.states.async_set(IDS[f"daily_{key}_energy"], str(kwh))
    svg = picture(render("energy came from"))
    widths = [float(bar.get("width", "0%").rstrip("%")) for bar in bars(svg)]
    assert widths == pytest.approx([90, 10, 50, 20, 30], abs=0.01)
    assert labels(svg).count("20.0 kWh") == 2
    assert "Solar 18.0" in labels(svg)


def test_summary(hass: HomeAssistant, render: Render) -> None:
    hass.states.async_set(BUY, "0.2812345", UNIT)
    hass.states.async_set(SELL, "-0.01", UNIT)
    hass.states.async_set(IDS["battery_level"], "67.6")
    hass.states.async_set(IDS["auto_sync_tou_schedule"], "on")
    hass.states.async_set(IDS["last_sync"], (NOW - timedelta(minutes=4)).isoformat())
    assert render("Electricity costs") == (
        "Electricity costs **0.281** and feeding in pays **-0.010** AUD/kWh.\n"
        "The battery is at **68 %**.\n"
        "The Powerwall took its last tariff **4 minutes** ago."
    )
    hass.states.async_set(IDS["auto_sync_tou_schedule"], "off")
    assert "**not** being sent" in render("Electricity costs")
    hass.states.async_set(IDS["force_remaining"], "59", {"direction": "discharge"})
    assert "A force discharge goes on for **59 min**." in render("Electricity costs")
    hass.states.async_set(IDS["force_remaining"], "0", {"direction": None})
    assert "force" not in render("Electricity costs")


@pytest.mark.parametrize(
    ("state", "attributes", "expected"),
    [
        (
            "sent",
            {"reason": "prices_changed", "largest_change": 0.1234},
            (
                "The tariff was sent, and the Powerwall shows it. "
                "Reason: prices changed, largest change 0.123."
            ),
        ),
        (
            "unchanged",
            {"reason": "prices_changed"},
            "The Powerwall already has the tariff that the prices ask for.",
        ),
        (
            "failed",
            {"reason": "prices_changed", "error": "rate_limited"},
            (
                "The tariff could not be sent. PowerSync tries again. "
                "Reason: prices changed (rate limited)."
            ),
        ),
    ],
)
def test_last_attempt_in_words(
    hass: HomeAssistant,
    render: Render,
    state: str,
    attributes: dict[str, Any],
    expected: str,
) -> None:
    hass.states.async_set(RESULT, state, attributes)
    assert render("outcomes") == expected


def held(**changes: object) -> dict[str, Any]:
    """Return how a setting is held, as the sensor explains it."""
    return {"feature": "force", "reason": "forced", "until": None} | changes


def test_who_holds_what_and_what_comes_back(
    hass: HomeAssistant, render: Render
) -> None:
    """Covers B-12: every lever's holder, reason, end and the owner's value."""
    until = "2026-11-21T02:30:00+00:00"
    hass.states.async_set(
        IDS["controlled_by"],
        "force",
        {
            "tariff": held(until=until, value="PowerSync force charge", owner="Mine"),
            "backup_reserve": held(until=until, value=80.0, owner=20.0),
            "grid_charging": held(until=until, value=True, owner=False),
            "operation_mode": held(until=until),
            "export_rule": held(
                feature="curtailment",
                reason="negative_feed_in",
                value="never",
                owner="battery_ok",
            ),
            "storm_watch": held(feature="spike_response", reason=None, owner=True),
        },
    )
    assert [line for line in render("set levers").splitlines() if line] == [
        "**Solar curtailment**, because export earns nothing",
        "- Export rule: Never (yours: Solar and battery)",
        "**Force charge or discharge**, until 13:30",
        "- Tariff: PowerSync force charge (yours: Mine)",
        "- Operation mode: stays as it is",
        "- Backup reserve: 80 % (yours: 20 %)",
        "- Grid charging: On (yours: Off)",
        "**Spike response**: over, and on its way back",
        "- Storm watch: back to On",
    ]


def test_names_are_put_into_words(hass: HomeAssistant, render: Render) -> None:
    from custom_components.power_sync.core.model.decisions import (  # noqa: PLC0415
        Feature,
        Lever,
    )
    from custom_components.power_sync.core.model.powerwall import (  # noqa: PLC0415
        ExportRule,
        OperationMode,
    )

    for feature in Feature:
        for value in (*ExportRule, *OperationMode):
            hass.states.async_set(
                IDS["controlled_by"],
                "force",
                {
                    lever.value: held(feature=feature.name.lower(), value=value.value)
                    for lever in Lever
                },
            )
            text = render("set levers")
            assert text.count("\n- ") == len(Lever)
            assert f"**{feature.name.lower()}" not in text
            assert f": {value.value}" not in text


def test_ways_in_and_what_failed(hass: HomeAssistant, render: Render) -> None:
    """Covers B-01: the order of the ways, and what became of each."""
    hass.states.async_set(
        IDS["way_in"],
        "Tessie",
        {
            "ways": ["Teslemetry", "Tessie"],
            "failures": {"Teslemetry": "no credit left"},
        },
    )
    assert render("set ways").splitlines() == [
        "In this order: Teslemetry, Tessie.",
        "",
        "- **Teslemetry** failed last: no credit left",
    ]
    hass.states.async_set(IDS["way_in"], "Tessie", {"ways": ["Tessie"], "failures": {}})
    assert "no other way in" in render("set ways")


@pytest.mark.parametrize(
    ("state", "attributes", "expected"),
    [
        (
            "off",
            {"threshold": 300.0, "rehearsal": False, "since": None},
            "From **300** per MWh on",
        ),
        (
            "on",
            {"threshold": 300.0, "rehearsal": False, "since": NOW.isoformat()},
            "The Powerwall sells what it can. Since 12:32.",
        ),
        (
            "on",
            {"threshold": 300.0, "rehearsal": True, "since": None},
            "This is a rehearsal: the price is made up.",
        ),
    ],
)
def test_spike_in_words(
    hass: HomeAssistant,
    render: Render,
    state: str,
    attributes: dict[str, Any],
    expected: str,
) -> None:
    """Covers B-07."""
    hass.states.async_set(IDS["spike_active"], state, attributes)
    assert render("per MWh on").startswith(expected)


def test_every_outcome_has_words(render: Render, hass: HomeAssistant) -> None:
    from custom_components.power_sync.core.model.decisions import Action  # noqa: PLC0415

    texts = set()
    for action in Action:
        hass.states.async_set(RESULT, action.value)
        texts.add(render("outcomes"))
    assert len(texts) == len(Action)
    assert not any("Nothing was decided" in text for text in texts)
