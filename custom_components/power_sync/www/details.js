// What hardly ever changes, for those who want to know.

import { list, markdown, section } from "./cards.js";

/** How prices come. */
export function sourceSection(home) {
  return section("Price source", "mdi:information-outline", [
    list(home, ["live_prices"]),
  ]);
}

/** The Powerwall's equipment, and by which way it is reached. */
export function equipmentSection(home) {
  const way = home.entity("way_in");
  return section("Equipment and connection", "mdi:information-outline", [
    list(home, ["capacity", "firmware", "way_in"]),
    way && markdown(ways(way)),
  ]);
}

function ways(way) {
  return [
    `{%- set ways = state_attr('${way}', 'ways') or [] -%}`,
    `{%- set failures = state_attr('${way}', 'failures') or {} -%}`,
    `{%- if ways | length > 1 -%}`,
    `In this order: {{ ways | join(', ') }}.`,
    `{%- elif ways -%}`,
    `There is no other way in. A second one takes over when the first fails.`,
    `{%- endif %}`,
    `{% for name, error in failures.items() %}`,
    `- **{{ name }}** failed last: {{ error }}`,
    `{%- endfor -%}`,
  ].join("\n");
}
