// Above the timeline: how many seats were in each state, stacked, and where a promise was broken.

const SAMPLES = 250;
const SVG = "http://www.w3.org/2000/svg";
// From the bottom up: booked below, what is free on top. Places in LETTERS, and the class of each.
const LAYERS = [[3, "layer-blocked"], [2, "layer-booked"], [1, "layer-held"], [4, "layer-unknown"]];

/** Fills the strip from a timeline; `breaches` are milliseconds. */
export function drawStrip(timeline, breaches) {
  const strip = document.getElementById("strip");
  const counts = timeline.countsOver(SAMPLES);
  const total = counts[0].reduce((sum, count) => sum + count, 0) || 1;
  let below = counts.map(() => 0);
  for (const [state, look] of LAYERS) {
    const above = counts.map((sample, at) => below[at] + sample[state]);
    strip.append(shape("path", { class: look, d: area(below, above, total) }));
    below = above;
  }
  for (const ms of breaches) {
    const x = (1000 * Math.min(ms, timeline.length)) / timeline.length;
    strip.append(shape("line", { class: "breach-mark", x1: x, x2: x, y1: 0, y2: 100, "vector-effect": "non-scaling-stroke" }));
  }
}

/** The outline between two stacks of counts, in a drawing of 1000 by 100. */
export function area(below, above, total) {
  const point = (count, at, all) => `${round((1000 * at) / (all.length - 1))} ${round(100 - (100 * count) / total)}`;
  const there = above.map(point).join("L");
  const back = below.map(point).reverse().join("L");
  return `M${there}L${back}Z`;
}

function round(value) {
  return Math.round(value * 10) / 10;
}

function shape(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
