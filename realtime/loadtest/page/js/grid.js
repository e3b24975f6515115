// Where the arrow keys lead on the seat map: over rows and columns, jumping aisles.

/** Rows of seat indexes from the screen back, each from left to right. `seats` are {x, y} in index order. */
export function rowsOf(seats) {
  const rows = new Map();
  seats.forEach(({ y }, index) => rows.set(y, [...(rows.get(y) ?? []), index]));
  const ordered = [...rows.entries()].sort(([a], [b]) => a - b).map(([, row]) => row);
  ordered.forEach((row) => row.sort((a, b) => seats[a].x - seats[b].x));
  return ordered;
}

/** The seat a key leads to from `index`; the same seat at an edge, null for a key that does not move. */
export function beside(seats, rows, index, key) {
  const at = rows.findIndex((row) => row.includes(index));
  const row = rows[at];
  const place = row.indexOf(index);
  switch (key) {
    case "ArrowLeft":
      return row[Math.max(0, place - 1)];
    case "ArrowRight":
      return row[Math.min(row.length - 1, place + 1)];
    case "ArrowUp":
      return nearest(seats, rows[Math.max(0, at - 1)], index);
    case "ArrowDown":
      return nearest(seats, rows[Math.min(rows.length - 1, at + 1)], index);
    case "Home":
      return row[0];
    case "End":
      return row.at(-1);
    default:
      return null;
  }
}

function nearest(seats, row, index) {
  const away = (seat) => Math.abs(seats[seat].x - seats[index].x);
  return row.reduce((best, seat) => (away(seat) < away(best) ? seat : best));
}
