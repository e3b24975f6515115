// Times as a screen writes them: of the theatre's zone, from the server's clock. Formats are made once: they are slow.

const formats = new Map();

function format(name, locale, zone, options) {
  const key = `${name} ${locale} ${zone}`;
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(locale, { timeZone: zone, ...options }));
  return formats.get(key);
}

const partsOf = (formatter, ms) =>
  Object.fromEntries(formatter.formatToParts(ms).map(({ type, value }) => [type, value]));

/** 2026-11-29, to compare days with. */
export function dayOf(ms, zone) {
  return format("day", "en-CA", zone, { year: "numeric", month: "2-digit", day: "2-digit" }).format(ms);
}

/** {time: "7:30", half: "pm"}. */
export function clockOf(ms, zone) {
  const options = { hour: "numeric", minute: "2-digit", hour12: true };
  const { hour, minute, dayPeriod } = partsOf(format("clock", "en-US", zone, options), ms);
  return { time: `${hour}:${minute}`, half: dayPeriod.toLowerCase() };
}

/** Sunday, 29 November; रविवार, 29 नवंबर. */
export function dateOf(ms, zone, language) {
  const locale = language === "hi" ? "hi-IN-u-nu-latn" : "en-GB";
  return format("date", locale, zone, { weekday: "long", day: "numeric", month: "long" }).format(ms);
}

/** Whether `night` ({from, to}, HH:MM, or null) has the moment in it; it may pass midnight. */
export function isNight(ms, zone, night) {
  if (!night) return false;
  const { hour, minute } = partsOf(format("24", "en-GB", zone, { hour: "2-digit", minute: "2-digit" }), ms);
  const now = `${hour}:${minute}`;
  return night.from < night.to ? now >= night.from && now < night.to : now >= night.from || now < night.to;
}

/** What is left, in parts: {hours, minutes, seconds}; whole minutes are rounded up until the last one. */
export function left(ms) {
  const total = Math.max(0, Math.ceil(ms / 1000));
  if (total < 60) return { hours: 0, minutes: 0, seconds: total };
  const minutes = Math.ceil(total / 60);
  return { hours: Math.floor(minutes / 60), minutes: minutes % 60, seconds: 0 };
}
