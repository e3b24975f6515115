// How long to wait before coming back: exponential with full jitter, so that a thousand pages that lost the
// same server do not return in the same moment.

export const WAIT_MIN_MS = 250;
export const WAIT_MAX_MS = 8000;
const FIRST_CEILING_MS = 1000;

/** The wait before try number `attempt` (from 0); `random` is in [0, 1). */
export function waitMs(attempt, random) {
  const ceiling = Math.min(WAIT_MAX_MS, FIRST_CEILING_MS * 2 ** Math.min(attempt, 10));
  return WAIT_MIN_MS + random * (ceiling - WAIT_MIN_MS);
}
