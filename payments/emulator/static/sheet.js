// The sheet: its head, its colours, the focus that stays within, and which step it shows.

import { el, icon, rupees } from "./dom.js";

const byId = (id) => document.getElementById(id);
const FOCUSABLE = "button, a[href], input, select, summary, [tabindex='0']";
const CONTRAST_NON_TEXT_MIN = 3;

function luminance(hex) {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

const contrast = (one, other) => (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);

function paint(color, dark) {
  const style = document.documentElement.style;
  document.documentElement.dataset.scheme = dark ? "dark" : "light";
  if (!/^#[0-9a-f]{6}$/i.test(color ?? "")) return;
  const brand = luminance(color);
  // Whatever colour the merchant likes, what stands on it can be read.
  style.setProperty("--brand", color);
  style.setProperty("--on-brand", contrast(brand, 1) >= contrast(brand, 0) ? "#FFFFFF" : "#000000");
  const surface = luminance(dark ? "#20263A" : "#F2F4F8");
  if (contrast(brand, surface) >= CONTRAST_NON_TEXT_MIN) style.setProperty("--brand-line", color);
}

/** Fill the head and bring the sheet up. */
export function openSheet(options, { dark, onClose, onBackdrop }) {
  paint(options.theme?.color, dark);
  const name = options.name || "Merchant";
  byId("merchant").textContent = name;
  byId("description").textContent = options.description ?? "";
  byId("mark").replaceChildren(name[0].toUpperCase());
  byId("close").append(icon("cross", 22));
  byId("close").addEventListener("click", onClose);
  byId("backdrop").addEventListener("click", onBackdrop);
  byId("sheet").addEventListener("keydown", keepWithin);
  byId("sheet").hidden = false;
  requestAnimationFrame(() => document.body.classList.add("open"));
  byId("merchant").focus();
}

export function showAmount(paise) {
  byId("amount").textContent = rupees(paise);
}

/** Show this step and put the reader at its beginning. */
export function show({ root, heading, first }) {
  byId("step").replaceChildren(root);
  const typing = matchMedia("(hover: hover)").matches;
  // On a phone a focused field would raise the keyboard over what has just come.
  if (first && typing) first.focus();
  else heading?.focus();
}

export const clockParts = () => ({ root: byId("left"), clock: byId("clock") });

/** Say it to screen readers: at once where it matters, else when there is a pause. */
export function say(text, { alarm = false } = {}) {
  byId(alarm ? "alerts" : "says").replaceChildren(el("span", {}, text));
}

function keepWithin(event) {
  if (event.key !== "Tab") return;
  const reachable = [...byId("sheet").querySelectorAll(FOCUSABLE)].filter((one) => one.checkVisibility());
  const [first, last] = [reachable[0], reachable.at(-1)];
  const at = document.activeElement;
  const leaves = event.shiftKey ? at === first || !reachable.includes(at) : at === last;
  if (!leaves) return;
  event.preventDefault();
  (event.shiftKey ? last : first).focus();
}
