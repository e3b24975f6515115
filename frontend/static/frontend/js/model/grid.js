// Where the arrow keys lead: over the rows and columns of the screen, jumping aisles.

/** Rows of seat indexes from the screen back, each from left to right. `seats` are {x, y} in index order. */
export function gridOf(seats) {
  const rows = new Map();
  seats.forEach(({ y }, index) => rows.set(y, [...(rows.get(y) ?? []), index]));
  const ordered = [...rows.entries()].sort(([a], [b]) => a - b).map(([, row]) => row);
  ordered.forEach((row) => row.sort((a, b) => seats[a].x - seats[b].x));
  const rowOf = new Map(ordered.flatMap((row, at) => row.map((index) => [index, at])));
  return { seats, rows: ordered, rowOf };
}

/** The seat a key leads to from `index`; the same seat at an edge, null for a key that does not move. */
export function move(grid, index, key, { control = false } = {}) {
  const at = grid.rowOf.get(index);
  const row = grid.rows[at];
  const place = row.indexOf(index);
  switch (key) {
    case "ArrowLeft":
      return row[Math.max(0, place - 1)];
    case "ArrowRight":
      return row[Math.min(row.length - 1, place + 1)];
    case "ArrowUp":
      return nearest(grid, grid.rows[Math.max(0, at - 1)], index);
    case "ArrowDown":
      return nearest(grid, grid.rows[Math.min(grid.rows.length - 1, at + 1)], index);
    case "Home":
      return control ? grid.rows[0][0] : row[0];
    case "End":
      return control ? grid.rows.at(-1).at(-1) : row.at(-1);
    default:
      return null;
  }
}

function nearest(grid, row, index) {
  const away = (seat) => Math.abs(grid.seats[seat].x - grid.seats[index].x);
  return row.reduce((best, seat) => (away(seat) < away(best) ? seat : best));
}
