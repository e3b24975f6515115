// Scans that got no answer. Each keeps its idempotency key, so that the same scan once more is the same request: whom a
// lost answer let in is let in, and a copy of the ticket, which comes with a key of its own, is not. Pure.

// More than wait in front of one usher while the network is away.
const UNANSWERED_MAX = 100;

/** A scan is asked about: {scans, key}; `newKey` is for one that was not asked about before. */
export function askAbout(scans, { code, gate }, newKey) {
  const known = scans.find((scan) => isSame(scan, { code, gate }));
  if (known) return { scans, key: known.key };
  return { scans: [...scans, { code, gate, key: newKey }].slice(-UNANSWERED_MAX), key: newKey };
}

/** The scan has its answer: it is asked about anew when it comes once more. */
export function answered(scans, scan) {
  return scans.filter((known) => !isSame(known, scan));
}

function isSame(one, other) {
  return one.code === other.code && one.gate === other.gate;
}
