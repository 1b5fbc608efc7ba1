// A card with the last decisions of a home: what was moved from where to where, when,
// for whom, over whom, why, at which prices, and what became of it.
//
//   type: custom:power-sync-decisions
//   entity: event.powerwall_decision
//
// The logbook cannot do that: beside each sentence it repeats the entity's state.

import { CARD, grouped } from "./decisions.js";

const SHOWN = 60;
const PLATFORM = "power_sync";

const TEXT = {
  none: "Nothing was decided since this home was started.",
  lost: "The decisions cannot be read at the moment.",
  title: "Last decisions",
  older: "Older ones are in the logbook",
  over: "instead of",
  and: "and",
  import: "import",
  export: "feed-in",
  change: "largest change",
  blocked: "in the way:",
  to: "to",
};

const ICONS = {
  tariff: "mdi:cash-clock",
  operation_mode: "mdi:home-battery",
  backup_reserve: "mdi:battery-lock",
  export_rule: "mdi:transmission-tower-import",
  grid_charging: "mdi:transmission-tower-export",
  storm_watch: "mdi:weather-lightning",
};

const TONES = {
  sent: "good",
  restored: "good",
  blocked: "warning",
  not_applied: "bad",
  failed: "bad",
};

const STYLE = `
  ha-card { height: 100%; overflow: hidden; }
  .scroll { max-height: 480px; overflow-y: auto; box-sizing: border-box; padding: 4px 16px; }
  .scroll:focus-visible { outline: 2px solid var(--primary-color); outline-offset: -2px; }
  ol, ul { list-style: none; margin: 0; padding: 0; }
  ol > li { padding: 10px 0; border-bottom: 1px solid var(--divider-color); }
  ol > li:last-child { border-bottom: none; }
  p { margin: 0; }
  .why { color: var(--secondary-text-color); font-size: var(--ha-font-size-s, 12px); }
  ul > li { display: grid; grid-template-columns: 24px 1fr auto; gap: 2px 8px; align-items: start; margin-top: 4px; }
  ha-icon { --mdc-icon-size: 18px; color: var(--secondary-text-color); }
  .what { overflow-wrap: anywhere; }
  .note { grid-column: 2 / -1; color: var(--secondary-text-color); font-size: var(--ha-font-size-s, 12px); }
  .result { font-size: var(--ha-font-size-s, 12px); border: 1px solid; border-radius: 10px; padding: 0 8px; line-height: 18px; white-space: nowrap; color: var(--secondary-text-color); }
  .good { color: var(--success-color); }
  .warning { color: var(--warning-color); }
  .bad { color: var(--error-color); }
  .empty { padding: 12px 0; color: var(--secondary-text-color); }
  a { color: var(--primary-color); }
  .older { padding: 8px 0; font-size: var(--ha-font-size-s, 12px); }
`;

class PowerSyncDecisions extends HTMLElement {
  #config;
  #hass;
  #groups; // null where there is no answer, undefined before the first one
  #reading = false;
  #again = false;

  /** Take the card's configuration; throws if it names no entity. */
  setConfig(config) {
    if (!config.entity) throw new Error("entity is missing");
    this.#config = config;
    if (this.#hass) this.#read();
  }

  /** Follow the entity: every decision changes its state. */
  set hass(hass) {
    const before = this.#hass;
    this.#hass = hass;
    const { entity } = this.#config;
    if (!before || before.states[entity] !== hass.states[entity]) {
      this.#read();
    } else if (
      before.formatEntityAttributeValue !== hass.formatEntityAttributeValue ||
      before.locale !== hass.locale
    ) {
      this.#draw(); // translations have arrived
    }
  }

  getCardSize() {
    return 8;
  }

  getGridOptions() {
    return { columns: 12, min_columns: 6 }; // as high as its content, up to a limit
  }

  // One answer at a time; what was decided meanwhile is asked for afterwards.
  async #read() {
    this.#again = true;
    if (this.#reading) return;
    this.#reading = true;
    while (this.#again) {
      this.#again = false;
      this.#groups = await this.#ask();
    }
    this.#reading = false;
    this.#draw();
  }

  // Null if there is no answer.
  async #ask() {
    const hass = this.#hass;
    const device = hass.devices[hass.entities[this.#config.entity]?.device_id];
    const id = device?.primary_config_entry ?? device?.config_entries?.[0];
    if (!id) return null;
    try {
      const { decisions } = await hass.callWS({
        type: `${PLATFORM}/decisions`,
        config_entry_id: id,
        limit: SHOWN,
      });
      return grouped(decisions);
    } catch {
      return null; // the home is being loaded; the entity's state changes when it is
    }
  }

  #draw() {
    if (this.#groups === undefined) return;
    const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
    let scroll = root.querySelector(".scroll");
    if (!scroll) {
      scroll = element("div", {
        class: "scroll",
        role: "region",
        tabindex: "0",
        "aria-label": TEXT.title,
      });
      root.append(element("style", {}, STYLE), element("ha-card", {}, scroll));
    }
    const top = scroll.scrollTop;
    scroll.replaceChildren(...this.#content());
    scroll.scrollTop = top;
  }

  #content() {
    const groups = this.#groups;
    const list =
      groups?.length > 0
        ? element("ol", {}, ...groups.map((group) => this.#group(group)))
        : element(
            "p",
            { class: "empty", role: "status" },
            groups ? TEXT.none : TEXT.lost,
          );
    return "logbook" in this.#hass.panels ? [list, this.#older()] : [list];
  }

  #older() {
    const href = `/logbook?entity_id=${encodeURIComponent(this.#config.entity)}`;
    return element("p", { class: "older" }, element("a", { href }, TEXT.older));
  }

  #group({ time, feature, reason, moves }) {
    const who = feature && this.#word("feature", feature);
    const why = this.#word("reason", reason);
    // A force is forced: once is enough.
    const parts = [who, why !== who && why].filter(Boolean);
    return element(
      "li",
      {},
      element(
        "p",
        { class: "why" },
        element("time", { datetime: time }, this.#moment(time)),
        ` · ${parts.join(" · ")}`,
      ),
      element("ul", {}, ...moves.map((move) => this.#move(move))),
    );
  }

  #move(decision) {
    const { lever, result } = decision;
    const note = this.#note(decision);
    return element(
      "li",
      {},
      element("ha-icon", { icon: ICONS[lever] ?? "mdi:tune", "aria-hidden": "true" }),
      element(
        "span",
        { class: "what" },
        element("b", {}, this.#word("lever", lever)),
        ` ${this.#change(decision)}`,
      ),
      element(
        "span",
        { class: `result ${TONES[result] ?? ""}` },
        this.#word("action", result),
      ),
      ...(note ? [element("span", { class: "note" }, note)] : []),
    );
  }

  #change({ lever, from, to }) {
    const [before, after] = [from, to].map((value) => value && this.#value(lever, value));
    if (!after) return before ?? "";
    return before && before !== after ? `${before} → ${after}` : after;
  }

  #note({ over, prices, largest_change: change, blocked_from, blocked_until, error }) {
    const parts = [];
    if (over.length > 0) {
      const losers = over.map((loser) => this.#word("feature", loser));
      parts.push(`${TEXT.over} ${losers.join(` ${TEXT.and} `)}`);
    }
    if (prices) {
      parts.push(
        `${TEXT.import} ${this.#number(prices.import)}, ${TEXT.export} ${this.#number(prices.export)}`,
      );
    }
    if (typeof change === "number") parts.push(`${TEXT.change} ${this.#number(change)}`);
    if (blocked_from) {
      parts.push(
        `${TEXT.blocked} ${this.#moment(blocked_from)} ${TEXT.to} ${this.#moment(blocked_until)}`,
      );
    }
    if (error) parts.push(error.replaceAll("_", " "));
    return parts.join(" · ");
  }

  // The integration's own translation of an attribute's value.
  #word(attribute, value) {
    const state = this.#hass.states[this.#config.entity];
    const words = state && this.#hass.formatEntityAttributeValue(state, attribute, value);
    return words || value.replaceAll("_", " ");
  }

  // What a setting is set to, in the words of the entity that sets it.
  #value(lever, value) {
    const { entities, states } = this.#hass;
    const device = entities[this.#config.entity]?.device_id;
    const setting = Object.values(entities).find(
      ({ platform, translation_key: key, device_id: at, entity_id: id }) =>
        platform === PLATFORM &&
        key === lever &&
        at === device &&
        /^(select|switch)\./.test(id),
    );
    const state = states[setting?.entity_id];
    return state ? this.#hass.formatEntityState(state, value) : value;
  }

  #number(value) {
    return new Intl.NumberFormat(this.#hass.locale.language, {
      minimumFractionDigits: 3,
      maximumFractionDigits: 4,
    }).format(value);
  }

  #moment(iso) {
    const { locale, config } = this.#hass;
    const timeZone = locale.time_zone === "local" ? undefined : config.time_zone;
    const day = (date) => date.toLocaleDateString("en", { timeZone });
    const moment = new Date(iso);
    return moment.toLocaleString(locale.language, {
      timeZone,
      ...(day(moment) !== day(new Date()) && { weekday: "short" }),
      hour: "numeric",
      minute: "2-digit",
      ...(["12", "24"].includes(locale.time_format) && {
        hour12: locale.time_format === "12",
      }),
    });
  }
}

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

if (!customElements.get(CARD)) customElements.define(CARD, PowerSyncDecisions);
