// What a screen says, in the languages that staff may choose. Short enough to be read from six metres.

const isNow = ({ hours, minutes, seconds }) => !hours && !minutes && !seconds;
const spanInEnglish = ({ hours, minutes, seconds }) =>
  hours ? `${hours} h${minutes ? ` ${minutes} min` : ""}` : minutes ? `${minutes} min` : `${seconds} s`;
const spanInHindi = ({ hours, minutes, seconds }) =>
  hours ? `${hours} घं${minutes ? ` ${minutes} मि` : ""}` : minutes ? `${minutes} मिनट` : `${seconds} सेकंड`;

const EN = {
  today: "Today",
  tomorrow: "Tomorrow",
  started: "Started",
  housefull: "HOUSEFULL",
  filling: "Filling fast",
  few: (count) => `Last ${count}`,
  left: (count) => `${count} left`,
  held: "All on hold",
  span: spanInEnglish,
  in: (parts) => (isNow(parts) ? "now" : `in ${spanInEnglish(parts)}`),
  book: "Book on your phone",
  seatsLeft: "seats left",
  seatsSold: "seats sold",
  live: (age) => `Live · ${age}`,
  age: ({ hours, minutes, seconds }) =>
    hours ? `${hours} h ${minutes} min ago` : minutes ? `${minutes} min ago` : `${seconds} s ago`,
  now: "just now",
  loud: (age) => `Not live: as it was ${age}`,
  delayed: "Updates are delayed",
  connecting: "Connecting…",
  nothing: "No more shows today or tomorrow",
  startsIn: "Starts in",
  startedAt: "The film has started",
  page: (page, pages) => `${page} of ${pages}`,
  screenEnd: "Screen",
};

const HI = {
  today: "आज",
  tomorrow: "कल",
  started: "शुरू",
  housefull: "हाउसफुल",
  filling: "तेज़ी से भर रहा है",
  few: (count) => `आख़िरी ${count}`,
  left: (count) => `${count} बाकी`,
  held: "सब रुकी हैं",
  span: spanInHindi,
  in: (parts) => (isNow(parts) ? "अभी" : `${spanInHindi(parts)} में`),
  book: "फ़ोन पर बुक करें",
  seatsLeft: "सीटें बाकी",
  seatsSold: "सीटें बिकीं",
  live: (age) => `लाइव · ${age}`,
  age: ({ hours, minutes, seconds }) =>
    hours ? `${hours} घं ${minutes} मि पहले` : minutes ? `${minutes} मिनट पहले` : `${seconds} सेकंड पहले`,
  now: "अभी-अभी",
  loud: (age) => `लाइव नहीं: ${age} की स्थिति`,
  delayed: "जानकारी देर से आ रही है",
  connecting: "जुड़ रहे हैं…",
  nothing: "आज और कल कोई और शो नहीं",
  startsIn: "शुरू होने में",
  startedAt: "फ़िल्म शुरू हो चुकी है",
  page: (page, pages) => `${page} / ${pages}`,
  screenEnd: "पर्दा",
};

const LANGUAGES = { en: EN, hi: HI };

export function wordsOf(language) {
  return LANGUAGES[language] ?? EN;
}

/** Letters to light one by one: a Devanagari syllable is one bulb, or its signs would fall apart. */
export function bulbsOf(word) {
  const segments = new Intl.Segmenter("hi", { granularity: "grapheme" }).segment(word);
  return Array.from(segments, ({ segment }) => segment);
}
