// Elements and the few drawings of the modal. Knows nothing of payments.

const SVG = "http://www.w3.org/2000/svg";
const DRAWINGS = {
  upi: ["M8 3h8a2 2 0 0 1 2 2v14a2 2 0 0 1-2 2H8a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2z", "M10.5 17.5h3", "M9.5 9.5l2 2 3.5-3.5"],
  card: ["M4 6h16a1.5 1.5 0 0 1 1.5 1.5v9A1.5 1.5 0 0 1 20 18H4a1.5 1.5 0 0 1-1.5-1.5v-9A1.5 1.5 0 0 1 4 6z", "M2.5 10h19", "M6 14.5h4"],
  netbanking: ["M3.5 9.5L12 4l8.5 5.5z", "M6 12v5", "M10 12v5", "M14 12v5", "M18 12v5", "M3.5 20h17"],
  phone: ["M8 2.5h8a2 2 0 0 1 2 2v15a2 2 0 0 1-2 2H8a2 2 0 0 1-2-2v-15a2 2 0 0 1 2-2z", "M10.5 18.5h3"],
  key: ["M8 11V8a4 4 0 0 1 8 0v3", "M6.5 11h11A1.5 1.5 0 0 1 19 12.5v6a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 5 18.5v-6A1.5 1.5 0 0 1 6.5 11z"],
  tick: ["M5 12.5l4.5 4.5L19 7.5"],
  cross: ["M6 6l12 12", "M18 6L6 18"],
  wait: ["M12 7v5l3 2"],
};

/** A drawing by its name, hidden from screen readers. */
export function icon(name, size = 24) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of Object.entries({
    viewBox: "0 0 24 24", width: size, height: size, fill: "none", stroke: "currentColor",
    "stroke-width": 1.75, "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true",
  })) svg.setAttribute(key, value);
  for (const path of DRAWINGS[name]) {
    const line = document.createElementNS(SVG, "path");
    line.setAttribute("d", path);
    svg.append(line);
  }
  return svg;
}

/** An element with attributes, `on…` listeners and children; null children are left out. */
export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** A labelled input with a place for what is wrong with it. */
export function field(label, attributes, options = null) {
  const id = attributes.id;
  const wrong = el("p", { class: "wrong", id: `${id}-wrong`, hidden: true });
  const input = options
    ? el("select", attributes, ...options.map(([value, text]) => el("option", { value }, text)))
    : el("input", { type: "text", autocomplete: "off", ...attributes });
  const root = el("div", { class: "field" }, el("label", { class: "label", for: id }, label), input, wrong);
  return {
    root,
    input,
    get value() { return input.value.trim(); },
    complain(text) {
      wrong.textContent = text ?? "";
      wrong.hidden = !text;
      input.removeAttribute("aria-invalid");
      input.removeAttribute("aria-describedby");
      if (!text) return true;
      input.setAttribute("aria-invalid", "true");
      input.setAttribute("aria-describedby", wrong.id);
      return false;
    },
  };
}

/** The large round sign at the head of a step. */
export function badge(name, kind = "") {
  return el("div", { class: `badge ${kind}` }, icon(name, 36));
}

const WHOLE = new Intl.NumberFormat("en-IN", { style: "currency", currency: "INR", maximumFractionDigits: 0 });
const EXACT = new Intl.NumberFormat("en-IN", { style: "currency", currency: "INR", minimumFractionDigits: 2 });

/** Paise to what people read: ₹1,250, and ₹99.50 where there are paise. */
export function rupees(paise) {
  return (paise % 100 ? EXACT : WHOLE).format(paise / 100);
}
