// PowerSync's dashboard. Home Assistant loads this module on every page.

import "./decisions-card.js";
import { findHomes, hasEnergyDashboard } from "./homes.js";
import { emptyView, homeViews } from "./views.js";

const TYPE = "power-sync";

class PowerSyncDashboardStrategy extends HTMLElement {
  // Entities come and go with subentries; names and titles come from devices.
  static registryDependencies = ["entities", "devices"];

  /** Return a dashboard for the entities that exist, one or two views per home. */
  static async generate(_config, hass) {
    const homes = await findHomes(hass);
    if (homes.length === 0) return { views: [emptyView()] };
    const energy = await hasEnergyDashboard(hass);
    const several = homes.length > 1;
    return { views: homes.flatMap((home) => homeViews(home, several, hass, energy)) };
  }
}

const tag = `ll-strategy-dashboard-${TYPE}`;
if (!customElements.get(tag)) {
  customElements.define(tag, PowerSyncDashboardStrategy);
  window.customStrategies ??= [];
  window.customStrategies.push({
    type: TYPE,
    strategyType: "dashboard",
    name: "PowerSync",
    description: "Prices, the tariff on your Powerwall, power flow and decisions",
    documentationURL:
      "https://github.com/power-sync/power-sync/blob/main/docs/dashboard.md",
  });
}
