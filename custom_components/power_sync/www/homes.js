// Find PowerSync's homes and their entities by what they are, never by their ids.

const PLATFORM = "power_sync";

/**
 * Return the homes that have entities, in the order of their titles.
 *
 * A home is a config entry. It comes as {id, title, entity}, where entity is a
 * function from a translation key to an entity id, or undefined if the home has
 * no such entity. Hidden entities count as absent; disabled ones are not in
 * hass.entities at all.
 */
export async function findHomes(hass) {
  const entitiesOf = new Map();
  for (const entity of Object.values(hass.entities)) {
    if (entity.platform !== PLATFORM || entity.hidden || !entity.translation_key) {
      continue;
    }
    const device = hass.devices[entity.device_id];
    const id = device?.primary_config_entry ?? device?.config_entries?.[0] ?? "";
    if (!entitiesOf.has(id)) entitiesOf.set(id, new Map());
    entitiesOf.get(id).set(entity.translation_key, entity.entity_id);
  }
  const titles = entitiesOf.size > 0 ? await readTitles(hass) : new Map();
  return [...entitiesOf]
    .map(([id, entities]) => ({
      id,
      title: titles.get(id) ?? "Home",
      entity: (key) => entities.get(key),
    }))
    .sort((a, b) => a.title.localeCompare(b.title) || a.id.localeCompare(b.id));
}

/** Return whether the energy dashboard is set up, so that its cards have data. */
export async function hasEnergyDashboard(hass) {
  try {
    const preferences = await hass.callWS({ type: "energy/get_prefs" });
    return preferences.energy_sources.length > 0;
  } catch {
    return false; // "no preferences" is an error, and so is a missing component
  }
}

async function readTitles(hass) {
  try {
    const entries = await hass.callWS({
      type: "config_entries/get",
      domain: PLATFORM,
    });
    return new Map(entries.map((entry) => [entry.entry_id, entry.title]));
  } catch {
    return new Map(); // titles are decoration
  }
}
