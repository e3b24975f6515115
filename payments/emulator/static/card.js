// What a person types into the card fields, and what is wrong with it. Pure.

/** "41002800" as "4100 2800". */
export function grouped(text) {
  return text.replace(/\D/g, "").slice(0, 16).replace(/(.{4})(?=.)/g, "$1 ");
}

/** "1227" as "12 / 27". */
export function expiry(text) {
  const digits = text.replace(/\D/g, "").slice(0, 4);
  return digits.length > 2 ? `${digits.slice(0, 2)} / ${digits.slice(2)}` : digits;
}

export function wrongNumber(text, known) {
  const digits = text.replace(/\D/g, "");
  if (!digits) return "Enter the card number.";
  if (digits.length !== 16) return "A card number has 16 digits.";
  return known.includes(digits) ? null : "Only test cards work here. Choose one above; never enter a real card.";
}

export function wrongExpiry(text, now = new Date()) {
  const match = /^(\d\d) ?\/ ?(\d\d)$/.exec(text.trim());
  if (!match || match[1] < "01" || match[1] > "12") return "Enter month and year, like 12 / 30.";
  const end = new Date(2000 + Number(match[2]), Number(match[1]), 1);
  return end > now ? null : "This card has expired. Any future date works.";
}

export function wrongCvv(text) {
  return /^\d{3,4}$/.test(text) ? null : "Enter the 3 digits on the back.";
}
