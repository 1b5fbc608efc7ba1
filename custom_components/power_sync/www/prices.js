// Sections of a price source. Each takes a home and returns a section, or null without
// any card worth showing.

import {
  FULL,
  HALF,
  group,
  history,
  known,
  list,
  logbook,
  markdown,
  section,
  thirds,
  tile,
  unitOf,
  wide,
} from "./cards.js";
import { COLOURS, priceBands, pricesAhead } from "./charts.js";

/** Prices of the running interval. */
export function nowSection(home, hass) {
  return section("Price now", "mdi:cash-clock", [
    priceGauge(home, hass, "current_electricity_price", "Import"),
    priceGauge(home, hass, "feed_in_price", "Feed-in"),
    tile(home, "active_plan", FULL, { features: [{ type: "select-options" }] }),
    ...evened([
      tile(home, "price_descriptor", HALF, { name: "Price level" }),
      tile(home, "price_spike", HALF),
      tile(home, "renewables", HALF, {
        color: "green",
        features: [{ type: "bar-gauge" }],
      }),
      tile(home, "demand_window", HALF),
      tile(home, "price_estimate", HALF, { name: "Estimate" }),
      tile(home, "controlled_load_price", HALF, { name: "Controlled load" }),
      tile(home, "wholesale_price", HALF, { name: "Wholesale" }),
    ]),
    ...thirds(home, [
      ["low_price", "Low", "green"],
      ["predicted_price", "Predicted", "amber"],
      ["high_price", "High", "red"],
    ]),
    // As the source announces them, and as its customers know them.
    group(
      "Without delivery",
      thirds(home, [
        ["supply_price", "Now", "primary"],
        ["hour_average_price", "Hour so far", "primary"],
        ["expected_hour_price", "Hour expected", "primary"],
      ]),
    ),
  ]);
}

/** Prices of the next and of the last 24 hours. */
export function pricesSection(home, hass) {
  const buy = home.entity("current_electricity_price");
  if (!buy) return null;
  const sell = home.entity("feed_in_price");
  const bands = priceBands(unitOf(hass, buy));
  return wide("Next 24 hours", "mdi:chart-bar", [
    markdown(pricesAhead({ buy, sell, bands })),
    group("Last 24 hours", [
      history(home, [
        ["current_electricity_price", "Import", COLOURS.low],
        ["feed_in_price", "Feed-in", COLOURS.feedIn],
        ["controlled_load_price", "Controlled load", COLOURS.batteryCharge],
      ]),
    ]),
  ]);
}

/** What prices have been, and where the running one stands among them. */
export function statisticsSection(home) {
  const percentile = home.entity("price_percentile");
  return section(`Last 30 days${terms(home)}`, "mdi:chart-bell-curve", [
    percentile && {
      type: "gauge",
      entity: percentile,
      // Reads on from the figure.
      name: "of prices were below this one",
      needle: true,
      min: 0,
      max: 100,
      segments: [
        { from: 0, color: COLOURS.low },
        { from: 25, color: COLOURS.middle },
        { from: 75, color: COLOURS.high },
        { from: 90, color: COLOURS.extreme },
      ],
      grid_options: FULL,
      visibility: known(percentile),
    },
    ...thirds(home, [
      ["price_p25", "25th percentile", "green"],
      ["price_mean", "Average", "amber"],
      ["price_p90", "90th percentile", "red"],
    ]),
    list(home, [
      ["price_minimum", "Lowest"],
      ["price_p10", "10th percentile"],
      ["price_median", "Median"],
      ["price_p75", "75th percentile"],
      ["price_p95", "95th percentile"],
      ["price_maximum", "Highest"],
      ["price_deviation", "Standard deviation"],
      "price_days",
      "price_count",
    ]),
  ]);
}

/** News about the price, and from which prices on there is any. */
export function alertsSection(home) {
  const alert = home.entity("price_alert");
  // Until the first one there is nothing to tell.
  const visibility = alert && known(alert);
  return section(`Price alerts${terms(home)}`, "mdi:bell-ring", [
    tile(home, "price_alert", FULL, {
      name: "Last alert",
      color: "primary",
      state_content: ["event_type", "state"],
      visibility,
    }),
    list(home, [
      ["low_price_alert", "Low below"],
      ["high_price_alert", "High above"],
    ]),
    alert && { ...logbook([alert], 72, 4), visibility },
  ]);
}

// Which prices are meant, where that is not what the gauge of the price shows.
function terms(home) {
  return home.entity("supply_price") ? ", without delivery" : "";
}

// Half tiles; what would stand alone in the last row takes all of it.
function evened(tiles) {
  const present = tiles.filter(Boolean);
  // A tile with a feature is two rows high.
  const halves = present.reduce((sum, { features }) => sum + (features ? 2 : 1), 0);
  if (halves % 2 === 0) return present;
  return [...present.slice(0, -1), { ...present.at(-1), grid_options: FULL }];
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
