// Builders of core cards, and of sections from them. What would show nothing is null,
// or an empty list.

export const HALF = { columns: 6 };
export const THIRD = { columns: 4 };
export const FULL = { columns: "full" };
const NAME = { type: "entity" };

/** Return a section of cards and groups, or null without any. */
export function section(heading, icon, cards) {
  const present = cards.flat().filter(Boolean);
  if (present.length === 0) return null;
  return {
    type: "grid",
    cards: [{ type: "heading", heading, icon }, ...present],
  };
}

/** Return a section that takes the width of two. */
export function wide(heading, icon, cards) {
  const narrow = section(heading, icon, cards);
  return narrow && { ...narrow, column_span: 2 };
}

/** Return cards of a section with a small heading of their own. */
export function group(heading, cards) {
  const present = cards.filter(Boolean);
  if (present.length === 0) return [];
  return [{ type: "heading", heading, heading_style: "subtitle" }, ...present];
}

/** Return a tile, or null without the entity. */
export function tile(home, key, grid, options = {}) {
  const entity = home.entity(key);
  if (!entity) return null;
  return { type: "tile", entity, name: NAME, grid_options: grid, ...options };
}

/** Return a tile that does something when it is pressed, or null without the entity. */
export function press(home, key, grid, action, options = {}) {
  return tile(home, key, grid, {
    color: "primary",
    hide_state: true,
    tap_action: { action: "perform-action", ...action },
    ...options,
  });
}

/** Return a tile that presses a button entity, or null without it. */
export function button(home, key, grid, options) {
  const target = { entity_id: home.entity(key) };
  return press(
    home,
    key,
    grid,
    { perform_action: "button.press", target },
    options,
  );
}

/** Return tiles in rows of three; `rows` holds [key, name, color]. */
export function thirds(home, rows) {
  return rows.map(([key, name, color]) =>
    tile(home, key, THIRD, { name, color, vertical: true }),
  );
}

/** Return a list of entities; `rows` holds keys, [key, name] or [key, name, options]. */
export function list(home, rows) {
  const entities = rows
    .map((row) => (Array.isArray(row) ? row : [row, NAME]))
    .map(([key, name, options]) => ({ entity: home.entity(key), name, ...options }))
    .filter(({ entity }) => entity);
  if (entities.length === 0) return null;
  return {
    type: "entities",
    entities,
    show_header_toggle: false,
    grid_options: FULL,
  };
}

/** Return a card with a template. */
export function markdown(content) {
  return { type: "markdown", content, grid_options: FULL };
}

/** Return a plot of the last 24 hours; `rows` holds [key, name, color]. */
export function history(home, rows) {
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

/** Return the last events of entities, newest first. */
export function logbook(entities, hours, rows) {
  return {
    type: "logbook",
    target: { entity_id: entities },
    hours_to_show: hours,
    grid_options: { columns: "full", rows },
  };
}

/** Return the condition that an entity has a state worth showing. */
export function known(entity) {
  return [{ condition: "state", entity, state_not: ["unavailable", "unknown"] }];
}

/** Return the condition that an entity is on. */
export function on(entity) {
  return [{ condition: "state", entity, state: "on" }];
}

/** Return an entity's unit, if it has one. */
export function unitOf(hass, entity) {
  return hass.states[entity]?.attributes.unit_of_measurement;
}
