// What hardly ever changes, for those who want to know.

import { group, list, section } from "./cards.js";

/** Settings and equipment of the Powerwall, and how prices come. */
export function detailsSection(home) {
  return section("Details", "mdi:information-outline", [
    group("Powerwall", [
      list(home, [
        "operation_mode",
        "backup_reserve",
        "export_rule",
        "grid_charging",
        "storm_watch",
        "capacity",
        "firmware",
      ]),
    ]),
    group("Price source", [list(home, ["live_prices"])]),
  ]);
}
