// Sections about who does what with the Powerwall, and what the user can have done.
// Each takes a home and returns a section, or null without any card worth showing.

import {
  FULL,
  HALF,
  button,
  group,
  list,
  markdown,
  on,
  section,
  tile,
} from "./cards.js";
import { FEATURES, LEVERS, OUTCOMES, REASONS, VALUES } from "./words.js";

/** Charge or discharge for a while. */
export function forceSection(home) {
  const remaining = home.entity("force_remaining");
  const until = home.entity("force_until");
  return section("Charge or discharge now", "mdi:battery-charging", [
    remaining &&
      tile(home, "force_remaining", FULL, {
        name: "Running",
        color: "deep-orange",
        state_content: ["direction", "state"],
        visibility: [{ condition: "numeric_state", entity: remaining, above: 0 }],
      }),
    until && {
      ...list(home, [["force_until", "Until", { format: "time" }]]),
      visibility: [
        { condition: "state", entity: until, state_not: ["unavailable", "unknown"] },
      ],
    },
    list(home, [["force_duration", "For"]]),
    button(home, "force_charge", HALF, { color: "green" }),
    button(home, "force_discharge", HALF, { color: "deep-orange" }),
    button(home, "restore", FULL, {
      name: "Stop, and restore my settings",
      color: "blue-grey",
    }),
  ]);
}

/** Who has the Powerwall in hand, setting by setting. */
export function handsSection(home) {
  const controlled = home.entity("controlled_by");
  const curtailed = home.entity("curtailed");
  return section("In control now", "mdi:account-switch", [
    tile(home, "controlled_by", FULL),
    controlled && markdown(holders(controlled)),
    curtailed && tile(home, "curtailed", FULL, { visibility: on(curtailed) }),
  ]);
}

const SETTINGS = [
  "operation_mode",
  "backup_reserve",
  "export_rule",
  "grid_charging",
  "storm_watch",
];

/** The owner's own settings; a change goes through PowerSync. */
export function settingsSection(home) {
  const controlled = home.entity("controlled_by");
  const present = list(home, SETTINGS);
  return section("Your settings", "mdi:cog", [
    present,
    present &&
      controlled && {
        ...markdown("A change here ends what has that setting in hand, and stays."),
        visibility: [
          {
            condition: "state",
            entity: controlled,
            state_not: ["owner", "price_sync", "unknown"],
          },
        ],
      },
  ]);
}

// What PowerSync can do on its own: [key, name, what it means].
const FEATURE_SWITCHES = [
  ["auto_sync_tou_schedule", "Automatic sync", "prices go to the Powerwall as its tariff"],
  ["spike_protection", "Spike protection", "no charging from the grid in half hours that are flagged as spikes"],
  ["export_boost", "Export boost", "export looks better paid than it is in the hours you chose, so that the battery sells"],
  ["spike_response", "Spike response", "sell while the wholesale price is extreme"],
  ["solar_curtailment", "Solar curtailment", "no export while it earns nothing"],
];
const FINE_SWITCHES = [
  ["reapply_export_rule", "Reapply export rule", "set the rule once more if power flows out in spite of it"],
  ["force_mode_toggle", "Force mode toggle", "change the mode for five seconds after a tariff, so that the Powerwall plans at once"],
];

/** What PowerSync may do on its own. */
export function featuresSection(home) {
  const rows = (switches) => switches.map(([key, name]) => [key, name]);
  const present = [...FEATURE_SWITCHES, ...FINE_SWITCHES].filter(([key]) =>
    home.entity(key),
  );
  return section("PowerSync may", "mdi:robot", [
    list(home, rows(FEATURE_SWITCHES)),
    group("If the Powerwall is slow to follow", [list(home, rows(FINE_SWITCHES))]),
    present.length > 0 && markdown(explained(present)),
  ]);
}

/** The tariff: send it, and what became of the last attempt. */
export function syncSection(home) {
  const result = home.entity("last_sync_result");
  return section("Tariff sync", "mdi:calendar-sync", [
    button(home, "push_tariff", HALF, { name: "Push tariff" }),
    button(home, "sync_now", HALF, { name: "Refresh" }),
    tile(home, "last_sync", HALF),
    tile(home, "last_sync_result", HALF),
    result && markdown(outcome(result)),
  ]);
}

// Folded, because one reads it once.
function explained(switches) {
  const items = switches.map(
    ([, name, meaning]) => `<li><b>${name}</b>: ${meaning}</li>`,
  );
  return `<details><summary>What these do</summary><ul>${items.join("")}</ul></details>`;
}

function holders(controlled) {
  return [
    `{%- set levers = ${JSON.stringify(LEVERS)} -%}`,
    `{%- set features = ${JSON.stringify(FEATURES)} -%}`,
    `{%- set reasons = ${JSON.stringify(REASONS)} -%}`,
    `{%- set values = ${JSON.stringify(VALUES)} -%}`,
    `{%- macro said(value) -%}`,
    `{{ 'On' if value is true else 'Off' if value is false else '%d %%' | format(value) if value is number else values.get(value, value) }}`,
    `{%- endmacro -%}`,
    `{%- set ns = namespace(rows=[]) -%}`,
    `{%- for lever, name in levers.items() -%}`,
    `{%- set held = state_attr('${controlled}', lever) -%}`,
    `{%- if held -%}`,
    `{%- set ns.rows = ns.rows + [dict(held, name=name, why=(held.feature, held.reason or '', held.until or ''))] -%}`,
    `{%- endif -%}`,
    `{%- endfor -%}`,
    `{%- for why, rows in ns.rows | groupby('why') %}`,
    `**{{ features.get(why[0], why[0]) }}**`,
    `{%- if why[1] in reasons %}, because {{ reasons[why[1]] }}{% endif -%}`,
    `{%- if not why[1] %}: over, and on its way back{% endif -%}`,
    `{%- if why[2] %}, until {{ (why[2] | as_datetime | as_local).strftime('%H:%M') }}{% endif %}`,
    `{% for row in rows %}`,
    `- {{ row.name }}: {% if not row.reason %}back to {{ said(row.owner) }}{% elif 'value' in row %}{{ said(row.value) }}{% else %}stays as it is{% endif %}`,
    `{%- if row.reason and row.get('owner') is not none and row.owner != row.get('value') %} (yours: {{ said(row.owner) }}){% endif %}`,
    `{%- endfor %}`,
    ``,
    `{% else %}All settings are as you left them.`,
    `{%- endfor %}`,
  ].join("\n");
}

function outcome(result) {
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
