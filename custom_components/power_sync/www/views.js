// Views: which sections a home gets, and what is shown without a home.

import {
  featuresSection,
  forceSection,
  handsSection,
  settingsSection,
  syncSection,
} from "./control.js";
import { decisionsSection } from "./decisions.js";
import { equipmentSection, sourceSection } from "./details.js";
import { marketSection } from "./market.js";
import {
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
 * Return the views of one home: what happens there, and what its Powerwall is to do.
 *
 * A section without cards is left out, and so is a view without sections, but for the
 * last one. With `several` homes titles and addresses say which home it is.
 */
export function homeViews(home, several, hass, energyDashboard) {
  const content = summary(home);
  const id = home.id.toLowerCase();
  const views = [
    view({
      title: home.title,
      path: several ? id : "home",
      icon: "mdi:home-lightning-bolt",
      header: content && {
        layout: "start",
        card: { type: "markdown", text_only: true, content },
      },
      sections: [
        nowSection(home, hass),
        pricesSection(home, hass),
        powerSection(home),
        tariffSection(home, hass),
        energySection(home, energyDashboard),
        demandSection(home),
        statisticsSection(home),
        alertsSection(home),
        sourceSection(home),
      ],
    }),
    view({
      title: several ? `${home.title}: Powerwall` : "Powerwall",
      path: several ? `${id}-powerwall` : "powerwall",
      icon: "mdi:home-battery",
      sections: [
        forceSection(home),
        handsSection(home),
        settingsSection(home),
        featuresSection(home),
        decisionsSection(home),
        syncSection(home),
        marketSection(home, hass),
        equipmentSection(home),
      ],
    }),
  ];
  const shown = views.filter(({ sections }) => sections.length > 0);
  return shown.length > 0 ? shown : views.slice(0, 1);
}

function view({ title, path, icon, header, sections }) {
  return {
    type: "sections",
    title,
    path,
    icon,
    max_columns: 3,
    dense_section_placement: true,
    ...(header && { header }),
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
