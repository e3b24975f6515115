// Words the tests share: frames as the server sends them, and a small house.

export const snapshot = (states, { epoch = "e1", version = 1, holds = {} } = {}) => ({ type: "snapshot", epoch, version, server_ms: 0, states, holds, mine: null });
export const seats = (from, version, changes, epoch = "e1") => ({ type: "seats", epoch, from, version, server_ms: 0, changes });

/** Rows of text to seats: any letter is a seat of that category, a dot an aisle. Row A is nearest the screen. */
export function drawn(...rows) {
  return rows.flatMap((row, y) => {
    let number = 0;
    return [...row].flatMap((category, x) => (category === "." ? [] : [{ label: `${"ABCDEFGH"[y]}${(number += 1)}`, x, y, category }]));
  });
}
