// How a screen rests: everything moves a little, so that no pixel shows the same for months; nights are dim.

// A full round takes about an hour; each step is too small to be seen moving.
export const STEP_MS = 60_000;
const STEPS = 64;
// In hundredths of the shorter side: more than the strokes of a letter, less than the margin.
const REACH = 0.8;

/** Where the page stands at a moment, as {x, y} in hundredths of the shorter side: a slow figure of eight. */
export function shiftAt(nowMs) {
  const turn = ((Math.floor(nowMs / STEP_MS) % STEPS) / STEPS) * 2 * Math.PI;
  const rounded = (value) => Math.round(value * 1000) / 1000 + 0;
  return { x: rounded(REACH * Math.sin(turn)), y: rounded(REACH * Math.sin(2 * turn)) };
}

/** How long a board waits before it comes back: half a second to one, for ever. */
export function returnsIn(_attempt, random) {
  return 500 + 500 * random;
}
