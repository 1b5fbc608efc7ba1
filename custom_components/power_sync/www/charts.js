// Charts of attributes, which no core card can plot.
//
// A markdown card renders a template on the server, and its sanitizer lets pictures
// through that are written as data. So the template draws an SVG. It has no viewBox
// of its own: it takes the width of the card, only the bars stretch, and letters keep
// their size on a phone. A picture does not see the theme's colours; these are chosen
// to be readable on a light and on a dark card.

export const COLOURS = {
  negative: "#29a3d6",
  low: "#43a867",
  middle: "#e6b325",
  high: "#f2802e",
  extreme: "#e0443e",
  feedIn: "#8f6fe0",
  text: "#8a8f98",
  solar: "#f2a516",
  gridImport: "#488fc2",
  batteryDischarge: "#35a79c",
  home: "#6f8fa6",
  gridExport: "#8f6fe0",
  batteryCharge: "#e0709a",
};

const HEIGHT = 240;
const TOP = 36;
const BOTTOM = 216;
const LEFT = 9; // per cent: nested pictures cannot have a width of "all but 30 pixels"

/** Return the prices from which an hour is no longer low, middle, and high. */
export function priceBands(unit) {
  // US utilities with hourly prices, such as ComEd, charge the delivery apart.
  return unit?.startsWith("USD") ? [0.04, 0.06, 0.08] : [0.2, 0.35, 0.6];
}

/** Return a template that draws the next 24 hours of prices. */
export function pricesAhead({ buy, sell, bands }) {
  return lines(
    `{%- set rows = state_attr('${buy}', 'forecast') or [] -%}`,
    sell
      ? `{%- set other = state_attr('${sell}', 'forecast') or [] -%}
{%- set sells = dict(zip(other | map(attribute='start'), other | map(attribute='price'))) -%}`
      : `{%- set sells = {} -%}`,
    `{%- if rows -%}`,
    `{%- set t0 = as_timestamp(rows[0].start) -%}`,
    `{%- set hours = [24, (as_timestamp(rows[-1].end) - t0) / 3600] | min -%}`,
    `{%- set unit = hours * 3.6 -%}`,
    `{%- set ns = namespace(bars=[], marks=[], labelled=-1000) -%}`,
    `{%- for row in rows if as_timestamp(row.start) < t0 + hours * 3600 -%}`,
    `{%- set x = (as_timestamp(row.start) - t0) / unit -%}`,
    `{%- set w = (as_timestamp(row.end) - as_timestamp(row.start)) / unit -%}`,
    `{%- set ns.bars = ns.bars + [(x, w, row.price, sells.get(row.start), false)] -%}`,
    `{%- endfor -%}`,
    // Half hours, because some zones are half an hour off.
    `{%- for half in range(1, (hours * 2) | int + 1) -%}`,
    `{%- set at = ((t0 // 1800 + half) * 1800) | as_datetime | as_local -%}`,
    `{%- if at.hour % 3 == 0 and at.minute == 0 -%}`,
    `{%- set ns.marks = ns.marks + [((as_timestamp(at) - t0) / unit, at.strftime('%a' if at.hour == 0 else '%H'))] -%}`,
    `{%- endif -%}`,
    `{%- endfor -%}`,
    drawing({ bands, selling: Boolean(sell) }),
    `{%- set cheap = rows[:ns.bars | length] | sort(attribute='price') | list -%}`,
    `${picture("Electricity prices of the next 24 hours")}<br>Cheapest **{{ '%.3f' | format(cheap[0].price) }}** at {{ (cheap[0].start | as_datetime | as_local).strftime('%H:%M') }}, dearest **{{ '%.3f' | format(cheap[-1].price) }}** at {{ (cheap[-1].start | as_datetime | as_local).strftime('%H:%M') }}.`,
    legend("import", sell && "feed-in"),
    `{%- else -%}`,
    `No forecast at the moment.`,
    `{%- endif -%}`,
  );
}

/** Return a template that draws the 48 half hours of the Powerwall's tariff. */
export function tariffToday({ tariff, bands }) {
  return lines(
    `{%- set rows = state_attr('${tariff}', 'schedule') or [] -%}`,
    `{%- if rows | rejectattr('buy', 'none') | list -%}`,
    `{%- set slot = state_attr('${tariff}', 'running') -%}`,
    `{%- set at = rows[slot] -%}`,
    `{%- set ns = namespace(bars=[], marks=[], labelled=-1000) -%}`,
    `{%- for row in rows if row.buy is not none -%}`,
    `{%- set i = row.start[:2] | int * 2 + row.start[3:] | int // 30 -%}`,
    `{%- set ns.bars = ns.bars + [(i / 0.048, 1 / 0.048, row.buy, row.sell, i == slot)] -%}`,
    `{%- endfor -%}`,
    `{%- for hour in range(3, 24, 3) -%}`,
    `{%- set ns.marks = ns.marks + [(hour / 0.024, '%02d' | format(hour))] -%}`,
    `{%- endfor -%}`,
    drawing({ bands, selling: true }),
    `${picture("The tariff on the Powerwall by half hour")}<br>Now **{{ '%.3f' | format(at.buy) if at.buy is number else '-' }}** to buy, **{{ '%.3f' | format(at.sell) if at.sell is number else '-' }}** to sell. Tariff *{{ state_attr('${tariff}', 'name') }}* of *{{ state_attr('${tariff}', 'utility') }}*.`,
    legend("buy", "sell"),
    `{%- else -%}`,
    `There is no tariff with half hours on the Powerwall yet.`,
    `{%- endif -%}`,
  );
}

/** Return a template that draws where today's energy came from and where it went. */
export function energyToday({ sources, uses }) {
  const bar = (name, parts, y) =>
    lines(
      `{%- set ns.x = 0 -%}`,
      `{%- set parts = [${parts.map(([label, entity, colour]) => `('${label}', states('${entity}') | float(0), '${colour}')`).join(", ")}] -%}`,
      `<text x="0" y="${y - 8}" fill="${COLOURS.text}">${name}</text>`,
      `<text x="100%" y="${y - 8}" fill="${COLOURS.text}" text-anchor="end">{{ '%.1f' | format(parts | sum(attribute=1)) }} kWh</text>`,
      `{%- for label, kwh, colour in parts if kwh > 0 -%}`,
      `{%- set w = 100 * kwh / all -%}`,
      `<rect x="{{ ns.x | round(2) }}%" y="${y}" width="{{ w | round(2) }}%" height="30" fill="{{ colour }}"/>`,
      `{%- if w > 10 -%}`,
      `<text x="{{ (ns.x + w / 2) | round(2) }}%" y="${y + 19}" fill="#fff" font-weight="600" text-anchor="middle">{{ label ~ ' ' if w > 26 }}{{ '%.1f' | format(kwh) }}</text>`,
      `{%- endif -%}`,
      `{%- set ns.x = ns.x + w -%}`,
      `{%- endfor -%}`,
    );
  const sum = (parts) =>
    `[${parts.map(([, entity]) => `states('${entity}') | float(0)`).join(", ")}] | sum`;
  return lines(
    `{%- set ns = namespace(x=0) -%}`,
    `{%- set all = [${sum(sources)}, ${sum(uses)}, 0.001] | max -%}`,
    `{%- set svg -%}`,
    `<svg xmlns="http://www.w3.org/2000/svg" width="100%" height="124" font-family="Roboto, Noto, sans-serif" font-size="12">`,
    bar("From", sources, 20),
    bar("To", uses, 90),
    `</svg>`,
    `{%- endset -%}`,
    `${picture("Where today's energy came from and where it went", 124)}`,
  );
}

// Draws ns.bars, a list of (x, width, buy, sell, running) with x and width in
// thousandths of the plot, above ns.marks, a list of (x, label), into `svg`. The
// running bar is marked; what is left of it belongs to tomorrow.
function drawing({ bands, selling }) {
  const y = (value) =>
    `(${TOP} + (top - [[${value}, top] | min, bottom] | max) * scale)`;
  return lines(
    `{%- set buys = ns.bars | map(attribute=2) | list -%}`,
    `{%- set sold = ns.bars | map(attribute=3) | select('number') | list -%}`,
    // A spike may be a hundred times the usual price: it is cut off and labelled.
    `{%- set usual = [(buys | sort)[buys | length // 2] * 4, ${bands[2]}] | max -%}`,
    `{%- set peak = [[(buys + sold) | max, usual] | min, ${bands[0] / 2}] | max -%}`,
    `{%- set floor = [[(buys + sold) | min, -usual] | max, 0] | min -%}`,
    `{%- set step = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5] | select('ge', (peak - floor) / 5) | first | default(10) -%}`,
    `{%- set top = (peak / step) | round(0, 'ceil') * step -%}`,
    `{%- set bottom = (floor / step) | round(0, 'floor') * step -%}`,
    `{%- set scale = ${BOTTOM - TOP} / (top - bottom) -%}`,
    `{%- set svg -%}`,
    `<svg xmlns="http://www.w3.org/2000/svg" width="100%" height="${HEIGHT}" font-family="Roboto, Noto, sans-serif" font-size="11">`,
    `{%- for i in range((bottom / step) | round | int, (top / step) | round | int + 1) -%}`,
    `{%- set y = (${TOP} + (top - i * step) * scale) | round(1) -%}`,
    `<line x1="${LEFT}%" x2="100%" y1="{{ y }}" y2="{{ y }}" stroke="${COLOURS.text}" stroke-opacity="{{ 0.7 if i == 0 else 0.2 }}"/>`,
    `<text x="${LEFT - 1}%" y="{{ y + 4 }}" fill="${COLOURS.text}" text-anchor="end">{{ ('%.2f' if step < 0.1 else '%.1f' if step < 1 else '%d') | format(i * step) }}</text>`,
    `{%- endfor -%}`,
    `<svg x="${LEFT}%" width="${100 - LEFT}%" height="${HEIGHT}" overflow="visible">`,
    `<svg width="100%" height="${HEIGHT}" viewBox="0 0 1000 ${HEIGHT}" preserveAspectRatio="none">`,
    `{%- for x, w, buy, sell, running in ns.bars -%}`,
    `{%- set colour = '${COLOURS.negative}' if buy < 0 else '${COLOURS.low}' if buy < ${bands[0]} else '${COLOURS.middle}' if buy < ${bands[1]} else '${COLOURS.high}' if buy < ${bands[2]} else '${COLOURS.extreme}' -%}`,
    `{%- set y0 = ${y(0)} -%}{%- set y1 = ${y("buy")} -%}`,
    `<rect x="{{ x | round(1) }}" y="{{ [y0, y1] | min | round(1) }}" width="{{ [w * 0.86, w - 3] | max | round(1) }}" height="{{ [(y0 - y1) | abs, 1] | max | round(1) }}" fill="{{ colour }}"/>`,
    `{%- endfor -%}`,
    ...(selling
      ? [
          `<path fill="none" stroke="${COLOURS.feedIn}" stroke-width="2.5" vector-effect="non-scaling-stroke" d="`,
          `{%- for x, w, buy, sell, running in ns.bars if sell is number -%}`,
          `{%- set y = ${y("sell")} | round(1) -%}`,
          `{{ 'M' if loop.first else 'L' }}{{ x | round(1) }} {{ y }}H{{ (x + w) | round(1) }}`,
          `{%- endfor -%}"/>`,
        ]
      : []),
    `</svg>`,
    `{%- for x, w, buy, sell, running in ns.bars -%}`,
    // One label for each peak, so that labels do not overlap.
    `{%- set near = ns.bars | selectattr(0, 'gt', x - 170) | selectattr(0, 'lt', x + 170) -%}`,
    `{%- if buy > top and buy == near | map(attribute=2) | max and x - ns.labelled >= 170 -%}`,
    `{%- set ns.labelled = x -%}`,
    `<text x="{{ ((x + w / 2) / 10) | round(2) }}%" y="${TOP - 4}" fill="${COLOURS.extreme}" font-weight="600" text-anchor="middle">▲{{ '%.2f' | format(buy) }}</text>`,
    `{%- endif -%}`,
    `{%- if running -%}`,
    `<line x1="{{ (x / 10) | round(2) }}%" x2="{{ (x / 10) | round(2) }}%" y1="3" y2="${BOTTOM}" stroke="${COLOURS.text}" stroke-dasharray="2 3"/>`,
    `{%- if x > 150 -%}<text x="{{ (x / 10 - 1) | round(2) }}%" y="12" fill="${COLOURS.text}" text-anchor="end">tomorrow</text>{%- endif -%}`,
    `{%- if x < 850 -%}<text x="{{ (x / 10 + 1) | round(2) }}%" y="12" fill="${COLOURS.text}">today</text>{%- endif -%}`,
    `{%- endif -%}`,
    `{%- endfor -%}`,
    `{%- for x, label in ns.marks -%}`,
    `<text x="{{ (x / 10) | round(2) }}%" y="${HEIGHT - 8}" fill="${COLOURS.text}" text-anchor="middle">{{ label }}</text>`,
    `{%- endfor -%}`,
    `</svg></svg>`,
    `{%- endset -%}`,
  );
}

function picture(description, height = HEIGHT) {
  return `<img width="100%" height="${height}" alt="${description}" src="data:image/svg+xml;base64,{{ svg | base64_encode }}">`;
}

function legend(buy, sell) {
  const items = [[COLOURS.low, "■", buy], ...(sell ? [[COLOURS.feedIn, "▬", sell]] : [])];
  return items
    .map(([colour, sign, name]) => `<font color="${colour}">${sign}</font> ${name}`)
    .join("&emsp;");
}

function lines(...parts) {
  return parts.join("\n");
}
