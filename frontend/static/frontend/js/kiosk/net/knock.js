// Whether the house answers at all. Asked instead of opening sockets that fail: browsers hold those back for seconds,
// the longer a line is down, and a board must be right two seconds after it is back.

// Most lines answer in a tenth of this; every fourth time the worst line gets long enough.
const PATIENCE_MS = [800, 800, 800, 4000];

/** Whether this address answers, and well. */
export async function knock(attempt, path = "/healthz") {
  const signal = AbortSignal.timeout(PATIENCE_MS[attempt % PATIENCE_MS.length]);
  try {
    return (await fetch(path, { method: "HEAD", cache: "no-store", signal })).ok;
  } catch (error) {
    if (error instanceof TypeError || error instanceof DOMException) return false;
    throw error;
  }
}
