// The sentence at the top of a home's view.

/** Return a template that says in words what is going on, or null. */
export function summary(home) {
  const price = home.entity("current_electricity_price");
  const feedIn = home.entity("feed_in_price");
  const level = home.entity("battery_level");
  const synced = home.entity("last_sync");
  const automatic = home.entity("auto_sync_tou_schedule");
  const parts = [];
  if (price) {
    parts.push(
      `{% if has_value('${price}') %}Electricity costs **{{ '%.3f' | format(states('${price}') | float) }}**` +
        (feedIn
          ? `{% if has_value('${feedIn}') %} and feeding in pays **{{ '%.3f' | format(states('${feedIn}') | float) }}**{% endif %}`
          : "") +
        ` {{ state_attr('${price}', 'unit_of_measurement') }}.{% else %}The price is not known at the moment.{% endif %}`,
    );
  }
  if (level) {
    parts.push(
      `{% if has_value('${level}') %}The battery is at **{{ states('${level}') | float | round }} %**.{% endif %}`,
    );
  }
  if (automatic && synced) {
    parts.push(
      `{% if is_state('${automatic}', 'off') %}Prices are **not** being sent to the Powerwall.` +
        `{% elif has_value('${synced}') %}The Powerwall took its last tariff **{{ relative_time(states('${synced}') | as_datetime) }}** ago.{% endif %}`,
    );
  }
  const remaining = home.entity("force_remaining");
  if (remaining) {
    parts.push(
      `{% if states('${remaining}') | int(0) > 0 %}A force {{ state_attr('${remaining}', 'direction') }} goes on for **{{ states('${remaining}') }} min**.{% endif %}`,
    );
  }
  return parts.length > 0 ? parts.join("\n") : null;
}
