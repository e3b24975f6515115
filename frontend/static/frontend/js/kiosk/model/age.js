// How old what a screen shows is: always said, and loud once it is more than ten seconds.

export const LOUD_MS = 10_000;

/** {ms, isLoud}; `confirmedMs` is when the server last said that the board is true (NaN: never yet). */
export function ageOf(confirmedMs, nowMs) {
  if (Number.isNaN(confirmedMs)) return { ms: NaN, isLoud: false };
  const ms = Math.max(0, nowMs - confirmedMs);
  return { ms, isLoud: ms > LOUD_MS };
}
