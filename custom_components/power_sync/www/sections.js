// Sections of core cards. Each takes a home and returns a section, or null without
// any card worth showing.

import {
  COLOURS,
  energyToday,
  priceBands,
  pricesAhead,
  tariffToday,
} from "./charts.js";

const HALF = { columns: 6 };
const THIRD = { columns: 4 };
const FULL = { columns: "full" };
const NAME = { type: "entity" };

/** Prices of the running interval. */
export function nowSection(home, hass) {
  const cards = [
    priceGauge(home, hass, "current_electricity_price", "Import"),
    priceGauge(home, hass, "feed_in_price", "Feed-in"),
    tile(home, "price_descriptor", HALF, { name: "Price level" }),
    tile(home, "price_spike", HALF),
    tile(home, "renewables", HALF, {
      color: "green",
      features: [{ type: "bar-gauge" }],
    }),
    tile(home, "demand_window", HALF),
    tile(home, "price_estimate", HALF, { name: "Estimate" }),
    tile(home, "controlled_load_price", HALF, { name: "Controlled load" }),
    ...[
      ["low_price", "Low", "green"],
      ["predicted_price", "Predicted", "amber"],
      ["high_price", "High", "red"],
    ].map(([key, name, color]) => tile(home, key, THIRD, { name, color, vertical: true })),
  ];
  return section("Price now", "mdi:cash-clock", cards);
}

/** Prices of the next and of the last 24 hours. */
export function pricesSection(home, hass) {
  const buy = home.entity("current_electricity_price");
  if (!buy) return null;
  const sell = home.entity("feed_in_price");
  const bands = priceBands(unitOf(hass, buy));
  return wide("Next 24 hours", "mdi:chart-bar", [
    markdown(pricesAhead({ buy, sell, bands })),
    {
      type: "heading",
      heading: "Last 24 hours",
      heading_style: "subtitle",
    },
    history(home, [
      ["current_electricity_price", "Import", COLOURS.low],
      ["feed_in_price", "Feed-in", COLOURS.feedIn],
      ["controlled_load_price", "Controlled load", COLOURS.batteryCharge],
    ]),
  ]);
}

/** What flows at this moment, and what is in the battery. */
export function powerSection(home) {
  const flow = (key, name, color) =>
    tile(home, key, HALF, {
      name,
      color,
      features: [{ type: "trend-graph", hours_to_show: 24 }],
    });
  const level = home.entity("battery_level");
  return section("Power", "mdi:transmission-tower", [
    level && {
      type: "gauge",
      entity: level,
      name: "Battery",
      min: 0,
      max: 100,
      segments: [
        { from: 0, color: COLOURS.extreme },
        { from: 20, color: COLOURS.middle },
        { from: 50, color: COLOURS.low },
      ],
      visibility: known(level),
    },
    flow("solar_power", "Solar", "amber"),
    flow("home_load", "Home", "blue-grey"),
    flow("grid_power", "Grid", "blue"),
    flow("battery_power", "Battery", "teal"),
    tile(home, "energy_left", HALF),
    tile(home, "grid_status", HALF),
  ]);
}

/** The tariff that is on the Powerwall, and how power followed it. */
export function tariffSection(home, hass) {
  const tariff = home.entity("tariff_schedule");
  const power = history(home, [
    ["solar_power", "Solar", COLOURS.solar],
    ["home_load", "Home", COLOURS.home],
    ["grid_power", "Grid", COLOURS.gridImport],
    ["battery_power", "Battery", COLOURS.batteryDischarge],
  ]);
  return wide("Tariff on the Powerwall", "mdi:calendar-clock", [
    tariff &&
      markdown(tariffToday({ tariff, bands: priceBands(unitOf(hass, tariff)) })),
    power && {
      type: "heading",
      heading: "Power in the last 24 hours",
      heading_style: "subtitle",
    },
    power,
  ]);
}

/** What the user can do, and what became of the last attempt. */
export function controlSection(home) {
  const press = (key, name) => {
    const entity = home.entity(key);
    return tile(home, key, HALF, {
      name,
      color: "primary",
      hide_state: true,
      tap_action: {
        action: "perform-action",
        perform_action: "button.press",
        target: { entity_id: entity },
      },
    });
  };
  const result = home.entity("last_sync_result");
  return section("Control", "mdi:tune-vertical", [
    tile(home, "auto_sync_tou_schedule", FULL, {
      name: "Automatic sync",
      features: [{ type: "toggle" }],
      features_position: "inline",
    }),
    press("push_tariff", "Push tariff"),
    press("sync_now", "Refresh"),
    tile(home, "last_sync", HALF),
    tile(home, "last_sync_result", HALF),
    result && markdown(reason(result)),
  ]);
}

/** Today's energy sums. */
export function energySection(home, energyDashboard) {
  const parts = (rows) =>
    rows
      .map(([label, key, colour]) => [label, home.entity(key), colour])
      .filter(([, entity]) => entity);
  const sources = parts([
    ["Solar", "daily_solar_energy", COLOURS.solar],
    ["Grid", "daily_grid_import_energy", COLOURS.gridImport],
    ["Battery", "daily_battery_discharge_energy", COLOURS.batteryDischarge],
  ]);
  const uses = parts([
    ["Home", "daily_home_energy", COLOURS.home],
    ["Grid", "daily_grid_export_energy", COLOURS.gridExport],
    ["Battery", "daily_battery_charge_energy", COLOURS.batteryCharge],
  ]);
  if (sources.length + uses.length === 0) return null;
  return section("Energy today", "mdi:counter", [
    markdown(energyToday({ sources, uses })),
    tile(home, "daily_solar_energy", HALF, { name: "Solar", color: "amber" }),
    tile(home, "daily_home_energy", HALF, { name: "Home", color: "blue-grey" }),
    tile(home, "daily_grid_import_energy", HALF, { name: "Imported", color: "blue" }),
    tile(home, "daily_grid_export_energy", HALF, { name: "Exported", color: "deep-purple" }),
    tile(home, "daily_battery_charge_energy", HALF, { name: "Charged", color: "pink" }),
    tile(home, "daily_battery_discharge_energy", HALF, { name: "Discharged", color: "teal" }),
    energyDashboard && { type: "energy-distribution", link_dashboard: true },
  ]);
}

/** What PowerSync decided, newest first. */
export function decisionsSection(home) {
  const entities = ["decision", "auto_sync_tou_schedule"]
    .map((key) => home.entity(key))
    .filter(Boolean);
  if (!home.entity("decision")) return null;
  return section("Last decisions", "mdi:scale-balance", [
    {
      type: "logbook",
      target: { entity_id: entities },
      hours_to_show: 24,
      grid_options: { columns: "full", rows: 6 },
    },
  ]);
}

/** The Powerwall's settings and equipment, which PowerSync reads. */
export function settingsSection(home) {
  const entities = [
    "operation_mode",
    "backup_reserve",
    "export_rule",
    "grid_charging",
    "storm_watch",
    "capacity",
    "firmware",
  ]
    .map((key) => home.entity(key))
    .filter(Boolean);
  if (entities.length === 0) return null;
  return section("Powerwall", "mdi:home-battery", [
    {
      type: "entities",
      entities: entities.map((entity) => ({ entity, name: NAME })),
      show_header_toggle: false,
    },
  ]);
}

function section(heading, icon, cards) {
  const present = cards.filter(Boolean);
  if (present.length === 0) return null;
  return {
    type: "grid",
    cards: [{ type: "heading", heading, icon }, ...present],
  };
}

function wide(heading, icon, cards) {
  const narrow = section(heading, icon, cards);
  return narrow && { ...narrow, column_span: 2 };
}

function tile(home, key, grid, options = {}) {
  const entity = home.entity(key);
  if (!entity) return null;
  return { type: "tile", entity, name: NAME, grid_options: grid, ...options };
}

function markdown(content) {
  return { type: "markdown", content, grid_options: FULL };
}

function history(home, rows) {
  const entities = rows
    .map(([key, name, color]) => ({ entity: home.entity(key), name, color }))
    .filter(({ entity }) => entity);
  if (entities.length === 0) return null;
  return {
    type: "history-graph",
    hours_to_show: 24,
    entities,
    grid_options: { columns: "full", rows: 5 },
  };
}

function priceGauge(home, hass, key, name) {
  const entity = home.entity(key);
  if (!entity) return null;
  const [low, middle, high] = priceBands(unitOf(hass, entity));
  const colours =
    key === "feed_in_price"
      ? [COLOURS.extreme, COLOURS.middle, COLOURS.low, COLOURS.low, COLOURS.low]
      : [COLOURS.negative, COLOURS.low, COLOURS.middle, COLOURS.high, COLOURS.extreme];
  return {
    type: "gauge",
    entity,
    // With the unit below, the figure can be large.
    name: `${name} ${unitOf(hass, entity) ?? ""}`.trim(),
    unit: " ",
    needle: true,
    min: -low,
    max: high + low,
    segments: [-low, 0, low, middle, high].map((from, band) => ({
      from,
      color: colours[band],
    })),
    grid_options: { columns: home.entity("feed_in_price") ? 6 : "full" },
    // A gauge of nothing is an error card.
    visibility: known(entity),
  };
}

// What each outcome means for the user; the entity's state is only a word.
const OUTCOMES = {
  sent: "The tariff was sent, and the Powerwall shows it.",
  unchanged: "The Powerwall already has the tariff that the prices ask for.",
  postponed: "The next tariff waits a little: there were two within five minutes.",
  blocked: "Nothing was sent, because the prices do not allow a tariff.",
  dry_run: "A tariff would have been sent, but this is a dry run.",
  not_applied: "The tariff was accepted, but the Powerwall still shows another one.",
  failed: "The tariff could not be sent. PowerSync tries again.",
  superseded: "The tariff was overtaken by a newer one.",
  restored: "Your own tariff is back on the Powerwall.",
  owner_changed: "Somebody changed the tariff elsewhere.",
};

function reason(result) {
  return [
    `{%- set outcomes = ${JSON.stringify(OUTCOMES, null, 2)} -%}`,
    `{%- set why = state_attr('${result}', 'reason') -%}`,
    `{{ outcomes.get(states('${result}'), 'Nothing was decided yet.') }}`,
    `{%- if why and not is_state('${result}', 'unchanged') %} Reason: {{ why | replace('_', ' ') }}`,
    `{%- if state_attr('${result}', 'error') %} ({{ state_attr('${result}', 'error') | replace('_', ' ') }}){% endif -%}`,
    `{%- if state_attr('${result}', 'largest_change') is number %}, largest change {{ '%.3f' | format(state_attr('${result}', 'largest_change')) }}{% endif -%}`,
    `.{%- endif -%}`,
  ].join("\n");
}

function known(entity) {
  return [{ condition: "state", entity, state_not: ["unavailable", "unknown"] }];
}

function unitOf(hass, entity) {
  return hass.states[entity]?.attributes.unit_of_measurement;
}
