// The wholesale price that the response to spikes goes by.

import { FULL, known, markdown, press, section, tile } from "./cards.js";
import { COLOURS } from "./charts.js";

const USUAL_THRESHOLD = 300; // $/MWh, until the entity says it
const REHEARSED = 1000;
const MINUTES = 5;

/** The price against the threshold, and a rehearsal; null where no market is watched. */
export function marketSection(home, hass) {
  const price = home.entity("market_price");
  const spike = home.entity("spike_active");
  const threshold =
    hass.states[spike]?.attributes.threshold ?? USUAL_THRESHOLD;
  return section("Wholesale price", "mdi:chart-line-variant", [
    price && {
      type: "gauge",
      entity: price,
      name: `Threshold ${threshold}`,
      needle: true,
      min: -threshold / 2,
      max: threshold * 2,
      segments: [
        { from: -threshold / 2, color: COLOURS.negative },
        { from: 0, color: COLOURS.low },
        { from: threshold / 2, color: COLOURS.middle },
        { from: threshold, color: COLOURS.extreme },
      ],
      grid_options: FULL,
      visibility: known(price),
    },
    tile(home, "spike_active", FULL, { color: "red" }),
    spike && markdown(spikeInWords(spike)),
    rehearsal(home, threshold),
  ]);
}

function rehearsal(home, threshold) {
  const price = Math.max(REHEARSED, Math.ceil(threshold * 2));
  return press(
    home,
    // Not the binary sensor: while that is off, its tile is grey.
    "market_price",
    FULL,
    {
      perform_action: "power_sync.simulate_spike",
      data: { config_entry_id: home.id, price, duration: MINUTES },
      confirmation: {
        title: "Rehearse a price spike?",
        text:
          `For ${MINUTES} minutes the Powerwall does what it would at ${price} per MWh: ` +
          "it sells what it can. Then your settings come back. " +
          "“Stop, and restore my settings” ends it sooner.",
        confirm_text: "Rehearse",
      },
    },
    { name: "Rehearse a spike", icon: "mdi:drama-masks" },
  );
}

function spikeInWords(spike) {
  return [
    `{%- set since = state_attr('${spike}', 'since') -%}`,
    `{%- if is_state('${spike}', 'on') -%}`,
    `{{ 'This is a rehearsal: the price is made up.' if state_attr('${spike}', 'rehearsal') else 'The Powerwall sells what it can.' }}`,
    `{%- if since %} Since {{ (since | as_datetime | as_local).strftime('%H:%M') }}.{% endif -%}`,
    `{%- elif state_attr('${spike}', 'threshold') is number -%}`,
    `From **{{ '%g' | format(state_attr('${spike}', 'threshold')) }}** per MWh on, the Powerwall is told to sell, if the spike response is on.`,
    `{%- endif -%}`,
  ].join("\n");
}
