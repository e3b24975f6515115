// Which shows a board lists at a moment, and on which page. Every moment is the server's.

import { dayOf } from "./time.js";

// A film that has begun stays on the board for late comers.
export const STAYS_MS = 15 * 60_000;
// A door is about its film for a little longer: people still look for their row.
export const DOOR_STAYS_MS = 20 * 60_000;
export const PAGE_MS = 12_000;
// A page without a heartbeat still has the start to go by.
const isStarted = (show, nowMs) => show.status === "started" || nowMs >= show.startsMs;

/**
 * The shows to list, by start: today's that can still be gone to, and such as began before midnight; where those leave
 * rows free, tomorrow's. Each is {show, isTomorrow, isStarted}.
 */
export function listed(board, { nowMs, zone, rows }) {
  const today = dayOf(nowMs, zone);
  const coming = board.shows.filter((show) => nowMs < show.startsMs + STAYS_MS);
  const entry = (show) => ({
    show,
    isTomorrow: dayOf(show.startsMs, zone) > today,
    isStarted: isStarted(show, nowMs),
  });
  const entries = coming.map(entry);
  const ofToday = entries.filter(({ isTomorrow }) => !isTomorrow);
  const ofTomorrow = entries.filter(({ isTomorrow }) => isTomorrow);
  if (ofToday.length === 0) return ofTomorrow;
  const free = (rows - (ofToday.length % rows)) % rows;
  return [...ofToday, ...ofTomorrow.slice(0, free)];
}

/** The page to show: all boards of a lobby turn at the same moment, as the server's clock says it. */
export function pageAt(nowMs, pages) {
  return pages > 1 ? Math.floor(nowMs / PAGE_MS) % pages : 0;
}

/** The shows of a page. */
export function pageOf(entries, page, rows) {
  return entries.slice(page * rows, (page + 1) * rows);
}

/** The show a door is about: the first on its screen that has not been running for long; null: none is to come. */
export function atDoor(board, { nowMs, screen }) {
  return board.shows.find((show) => show.screen === screen && nowMs < show.startsMs + DOOR_STAYS_MS) ?? null;
}
