// Sections about what a Powerwall does. Each takes a home and returns a section, or null without
// any card worth showing.

import {
  FULL,
  HALF,
  group,
  history,
  known,
  markdown,
  section,
  tile,
  unitOf,
  wide,
} from "./cards.js";
import { COLOURS, energyToday, priceBands, tariffToday } from "./charts.js";

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
    group("Power in the last 24 hours", [power]),
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

/** What the home is charged for its peaks. */
export function demandSection(home) {
  return section("Demand charge", "mdi:summit", [
    tile(home, "peak_demand", FULL, {
      name: "Peak of this billing period",
      color: "deep-orange",
      // When it was.
      state_content: ["state", "at"],
    }),
    tile(home, "demand_cost", HALF, { name: "Cost so far", color: "amber" }),
    tile(home, "demand_charged", HALF, { name: "Charged now" }),
  ]);
}
