// The little of a browser that the card of decisions needs. Reads {module, steps, home}
// from stdin and prints {shown, asked}: the lines on the card after each step.

class Element {
  constructor(name) {
    this.name = name;
    this.attributes = {};
    this.children = [];
  }
  setAttribute(key, value) {
    this.attributes[key] = value;
  }
  append(...children) {
    this.children.push(...children);
  }
  replaceChildren(...children) {
    this.children = children;
  }
  attachShadow() {
    this.shadowRoot = new Element("shadow");
    return this.shadowRoot;
  }
  querySelector(selector) {
    for (const child of this.children) {
      if (!(child instanceof Element)) continue;
      if (`.${child.attributes.class}` === selector) return child;
      const found = child.querySelector(selector);
      if (found) return found;
    }
    return null;
  }
  get text() {
    return this.children
      .map((child) => (child instanceof Element ? child.text : child))
      .join("");
  }
}

// A line for each paragraph, for each move (its outcome after a bar) and each note.
function lines(element) {
  if (!(element instanceof Element)) return [];
  const { class: kind, href } = element.attributes;
  if (kind?.startsWith("result ")) return [`| ${element.text.trim()}`];
  if (kind === "what" || kind === "note") return [element.text.trim()];
  if (href) return [`${element.text} ${href}`];
  if (element.name === "p" && kind !== "older") return [element.text.trim()];
  const inner = element.children.flatMap(lines);
  return inner.reduce(
    (all, line) =>
      line.startsWith("|") ? [...all.slice(0, -1), `${all.at(-1)} ${line}`] : [...all, line],
    [],
  );
}

globalThis.HTMLElement = Element;
globalThis.window = globalThis;
globalThis.document = { createElement: (name) => new Element(name) };
const elements = new Map();
globalThis.customElements = {
  get: (name) => elements.get(name),
  define: (name, element) => elements.set(name, element),
};

// It is two minutes past noon.
const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(...given) {
    super(...(given.length > 0 ? given : ["2026-11-21T01:02:00+00:00"]));
  }
};

const { module, steps, home } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
const asked = [];
const LOCALE = { language: "en-AU", time_format: "24", time_zone: "server" };
const EVENT = "event.powerwall_decision";
const SELECT = "select.mode";
const states = { [SELECT]: { entity_id: SELECT } };
const translated = (_, __, value) => value.toUpperCase();
const raw = (_, __, value) => value;

(async () => {
  await import(module);
  const card = new (elements.get("power-sync-decisions"))("card");
  card.setConfig({ type: "custom:power-sync-decisions", entity: EVENT });
  const shown = [];
  let answer;
  for (const step of steps) {
    answer = step.answer;
    if (states[EVENT]?.state !== step.state) {
      states[EVENT] = { entity_id: EVENT, state: step.state };
    }
    card.hass = {
      states: { ...states },
      entities: {
        [EVENT]: { entity_id: EVENT, device_id: "powerwall" },
        [SELECT]: {
          entity_id: SELECT,
          device_id: "powerwall",
          platform: "power_sync",
          translation_key: "operation_mode",
        },
      },
      devices: { powerwall: { primary_config_entry: "home" } },
      config: { time_zone: "Australia/Sydney" },
      locale: LOCALE,
      panels: {},
      formatEntityAttributeValue: step.raw ? raw : translated,
      formatEntityState: (_, value) => `select says ${value}`,
      callWS: async (message) => {
        asked.push(message);
        await null;
        if (answer === null) throw { code: "not_loaded" };
        return { decisions: answer };
      },
      ...home,
    };
    if (step.wait === false) continue;
    await new Promise((resolve) => setTimeout(resolve));
    shown.push(lines(card.shadowRoot));
  }
  console.log(JSON.stringify({ shown, asked }));
})();
