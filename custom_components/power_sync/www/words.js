// What the integration's names mean, for templates: a template cannot ask for the
// translation of what is inside an attribute. The first three are the translations.

export const LEVERS = {
  tariff: "Tariff",
  operation_mode: "Operation mode",
  backup_reserve: "Backup reserve",
  export_rule: "Export rule",
  grid_charging: "Grid charging",
  storm_watch: "Storm watch",
};

/** Who can have a setting in hand. */
export const FEATURES = {
  manual: "Manual",
  safety: "Safety",
  force: "Force charge or discharge",
  spike_response: "Spike response",
  curtailment: "Solar curtailment",
  plan: "Tariff sent by hand",
  price_sync: "Price sync",
  replan: "Force mode toggle",
};

export const VALUES = {
  self_consumption: "Self-powered",
  autonomous: "Time-based control",
  backup: "Backup",
  never: "Never",
  pv_only: "Solar only",
  battery_ok: "Solar and battery",
};

/** Reasons that say more than the name of the feature that has them. */
export const REASONS = {
  requested: "you asked for it",
  prices_missing: "prices have been missing for too long",
  market_spike: "the wholesale price is extreme",
  rehearsal: "this is a rehearsal",
  negative_feed_in: "export earns nothing",
  exports_anyway: "power was exported in spite of the rule",
  replan: "the Powerwall is to plan anew",
  off_grid: "the home is off grid",
  storm: "a storm is coming",
  grid_services: "a programme of the utility has the battery",
  changed_elsewhere: "it was changed elsewhere",
};

/** What each outcome of the tariff means; the entity's state is only a word. */
export const OUTCOMES = {
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
