// What one seat is to this visitor: the map's state, unless it is mine or I am asking for it.

import { AVAILABLE, BLOCKED, BOOKED, HELD } from "./seatMap.js";

const NAMES = { [AVAILABLE]: "available", [HELD]: "held", [BOOKED]: "booked", [BLOCKED]: "blocked" };

/**
 * "available", "held", "booked", "blocked", "mine" or "pending". `asked` are labels in open requests;
 * `leaving` maps labels I let go to their old deadline, until the map has them free.
 */
export function seatState({ map, hold, asked, leaving }, index, label) {
  if (asked.has(label)) return "pending";
  if (hold.seats.includes(label)) return hold.status === "confirmed" ? "booked" : "mine";
  const state = map.states[index];
  // The news that I hold it no longer can overtake the map's: that is not somebody else's hold.
  if (state === HELD && leaving.has(label) && leaving.get(label) === map.deadlines.get(index)) return "pending";
  return NAMES[state] ?? "unknown";
}

/** How many seats are free and how many held. */
export function tally(map) {
  let free = 0;
  let held = 0;
  for (const state of map.states) {
    if (state === AVAILABLE) free += 1;
    else if (state === HELD) held += 1;
  }
  return { free, held };
}
