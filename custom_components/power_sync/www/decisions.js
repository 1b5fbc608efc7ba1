// The section of decisions, and how the card in it puts them together.

import { FULL, wide } from "./cards.js";

export const CARD = "power-sync-decisions";

const TOGETHER_MS = 2 * 60 * 1000;

/** What PowerSync decided, newest first. */
export function decisionsSection(home) {
  const entity = home.entity("decision");
  if (!entity) return null;
  return wide("Last decisions", "mdi:scale-balance", [
    { type: `custom:${CARD}`, entity, grid_options: FULL },
  ]);
}

/**
 * Return decisions that belong together as {time, feature, reason, moves}.
 *
 * `decisions` come newest first, and so do the groups; what was moved for one purpose
 * within two minutes is one of them, its moves in the order they were made.
 */
export function grouped(decisions) {
  const groups = [];
  for (const decision of decisions) {
    const last = groups.at(-1);
    if (last && belongs(decision, last)) {
      last.moves.unshift(decision);
      last.time = decision.time;
    } else {
      const { time, feature, reason } = decision;
      groups.push({ time, feature, reason, moves: [decision] });
    }
  }
  return groups;
}

function belongs(decision, { time, feature, reason, moves }) {
  return (
    decision.feature === feature &&
    decision.reason === reason &&
    // Twice the same lever is a change of mind, or a second attempt.
    moves.every(({ lever }) => lever !== decision.lever) &&
    new Date(time) - new Date(decision.time) < TOGETHER_MS
  );
}
