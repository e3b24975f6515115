// What to offer when a seat is lost: free seats right beside it, else the closest in its row and the rows around.

const REACH_PLACES = 3;
const OFFERED_MAX = 2;

/**
 * Free seats near `index`: {beside, near}, labels, at most two each. `beside` touch the lost seat, or touch one
 * that does; `near` are the closest of the same category when there is none.
 */
export function neighboursOf(grid, index, isFree) {
  const row = grid.rows[grid.rowOf.get(index)];
  const place = row.indexOf(index);
  const found = [...walk(grid, row, place, 1, isFree), ...walk(grid, row, place, -1, isFree)];
  found.sort((a, b) => distance(grid, a, index) - distance(grid, b, index));
  const beside = inRowOrder(grid, found.slice(0, OFFERED_MAX));
  return { beside, near: beside.length ? [] : near(grid, index, isFree) };
}

function walk(grid, row, place, step, isFree) {
  const reached = [];
  for (let at = place + step; reached.length < OFFERED_MAX && row[at] !== undefined; at += step) {
    const touches = Math.abs(grid.seats[row[at]].x - grid.seats[row[at - step]].x) === 1;
    if (!touches || !isFree(row[at])) break;
    reached.push(row[at]);
  }
  return reached;
}

function near(grid, index, isFree) {
  const at = grid.rowOf.get(index);
  const { category } = grid.seats[index];
  const around = [grid.rows[at], grid.rows[at - 1], grid.rows[at + 1]].filter(Boolean).flat();
  const alike = around.filter((seat) => isFree(seat) && grid.seats[seat].category === category);
  const close = alike.filter((seat) => distance(grid, seat, index) <= REACH_PLACES);
  close.sort((a, b) => distance(grid, a, index) - distance(grid, b, index));
  return close.slice(0, OFFERED_MAX).map((seat) => grid.seats[seat].label);
}

function distance(grid, a, b) {
  return Math.abs(grid.seats[a].x - grid.seats[b].x);
}

function inRowOrder(grid, seats) {
  return [...seats].sort((a, b) => grid.seats[a].x - grid.seats[b].x).map((seat) => grid.seats[seat].label);
}
