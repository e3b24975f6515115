// Times and states in words.

export const STATE_WORDS = { A: "available", H: "held", B: "booked", X: "blocked", "?": "unknown" };

/** 1:02.340 into the run; hours where there are any. */
export function clock(ms, { exactly = true } = {}) {
  const whole = Math.max(0, Math.floor(ms));
  const two = (value) => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3_600_000);
  const minutes = Math.floor(whole / 60_000) % 60;
  const start = hours ? `${hours}:${two(minutes)}` : `${minutes}`;
  const text = `${start}:${two(Math.floor(whole / 1000) % 60)}`;
  return exactly ? `${text}.${String(whole % 1000).padStart(3, "0")}` : text;
}

/** How long something lasted: 120 ms, 4.2 s, 1:02 min. */
export function lasting(ms) {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : `${clock(ms, { exactly: false })} min`;
}

export const grouped = new Intl.NumberFormat("en-GB").format;
