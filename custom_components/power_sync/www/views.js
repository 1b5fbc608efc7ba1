// Views: which sections a home gets, and what is shown without a home.

import { detailsSection } from "./details.js";
import {
  controlSection,
  decisionsSection,
  demandSection,
  energySection,
  powerSection,
  tariffSection,
} from "./powerwall.js";
import {
  alertsSection,
  nowSection,
  pricesSection,
  statisticsSection,
} from "./prices.js";
import { summary } from "./summary.js";

/**
 * Return the view of one home; a section without cards is left out.
 *
 * `path` is the end of the view's address.
 */
export function homeView(home, path, hass, energyDashboard) {
  const content = summary(home);
  const sections = [
    nowSection(home, hass),
    pricesSection(home, hass),
    powerSection(home),
    tariffSection(home, hass),
    controlSection(home),
    energySection(home, energyDashboard),
    decisionsSection(home),
    demandSection(home),
    statisticsSection(home),
    alertsSection(home),
    detailsSection(home),
  ];
  return {
    type: "sections",
    title: home.title,
    path,
    icon: "mdi:home-lightning-bolt",
    max_columns: 3,
    dense_section_placement: true,
    ...(content && {
      header: {
        layout: "start",
        card: { type: "markdown", text_only: true, content },
      },
    }),
    sections: sections.filter((section) => section !== null),
  };
}

/** Return the view that says what to do while nothing is set up. */
export function emptyView() {
  return {
    type: "sections",
    title: "PowerSync",
    path: "home",
    max_columns: 1,
    sections: [
      {
        type: "grid",
        cards: [
          { type: "heading", heading: "PowerSync", icon: "mdi:home-lightning-bolt" },
          {
            type: "markdown",
            content:
              "There is no home yet.\n\n" +
              "1. [Add PowerSync](/config/integrations/dashboard/add?domain=power_sync) " +
              "and say where your prices come from. Without an account, choose the " +
              "*simulated home*.\n" +
              "2. Come back to this dashboard: it fills itself.",
          },
        ],
      },
    ],
  };
}
