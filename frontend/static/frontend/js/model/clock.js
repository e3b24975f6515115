// The server's clock, as seen from here: the offset of the sample with the shortest round trip, measured on
// the monotonic clock, so that a wrong or stepping wall clock of the visitor changes nothing.

// About three minutes of pings: long enough to meet a quiet line, too short for the clocks to drift apart.
const SAMPLES_MAX = 8;
// A page may be put away between a question and its answer: half of so long a way is no guess at a time any more.
const ROUND_TRIP_MS_MAX = 10_000;
// Both clocks are read together, so a difference of a second is no late timer.
const SLEEP_MS = 1000;

export function newClock() {
  return { samples: [] };
}

/** A sample: the server said `serverMs` somewhere between `sentMs` and `receivedMs` (monotonic). */
export function withSample(clock, { sentMs, receivedMs, serverMs }) {
  const sample = { roundTripMs: receivedMs - sentMs, offsetMs: serverMs - (sentMs + receivedMs) / 2 };
  if (sample.roundTripMs > ROUND_TRIP_MS_MAX && clock.samples.length) return clock;
  const measured = clock.samples.filter((known) => known.roundTripMs !== Infinity);
  return { samples: [...measured, sample].slice(-SAMPLES_MAX) };
}

/** A time the server stated once, with an unknown delay: good until the first real sample. */
export function withHint(clock, { receivedMs, serverMs }) {
  if (clock.samples.length) return clock;
  return { samples: [{ roundTripMs: Infinity, offsetMs: serverMs - receivedMs }] };
}

/** The server's time in ms at the monotonic moment `monotonicMs`; NaN before any sample. */
export function serverNow(clock, monotonicMs) {
  return clock.samples.length ? monotonicMs + bestOf(clock).offsetMs : NaN;
}

/** After a sleep the monotonic clock may have stood still: samples from before it are worth nothing. */
export function afterSleep(clock, { wallElapsedMs, monotonicElapsedMs }) {
  const sleptMs = wallElapsedMs - monotonicElapsedMs;
  if (sleptMs < SLEEP_MS || !clock.samples.length) return clock;
  return { samples: [{ roundTripMs: Infinity, offsetMs: bestOf(clock).offsetMs + sleptMs }] };
}

function bestOf(clock) {
  return clock.samples.reduce((a, b) => (b.roundTripMs <= a.roundTripMs ? b : a));
}
