// Which seats staff have chosen. Pure: labels in, labels out.

/** The labels in a typed text: "a1, A2;c7" → ["A1", "A2", "C7"]. */
export function labelsIn(text) {
  return [...new Set(text.toUpperCase().match(/[A-Z0-9]+/g) ?? [])];
}

/** All seats of a row from one to another, or only the other when they are in different rows. */
export function span(grid, from, to) {
  const row = grid.rows[grid.rowOf.get(to)];
  const [first, last] = [row.indexOf(from), row.indexOf(to)].sort((a, b) => a - b);
  return first < 0 ? [to] : row.slice(first, last + 1);
}

/** What is chosen, in words: "3 seats: 2 to take off sale, 1 to put back." */
export function tallied(states) {
  if (!states.length) return "No seat chosen.";
  const free = states.filter((state) => state === "available").length;
  const blocked = states.filter((state) => state === "blocked").length;
  const parts = [free && `${free} on sale`, blocked && `${blocked} off sale`].filter(Boolean);
  return `${states.length} ${states.length === 1 ? "seat" : "seats"} chosen: ${parts.join(", ") || "none can change now"}.`;
}
