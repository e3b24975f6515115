// A theatre's board as its feed tells it (contract, section 3): `board` stands for everything said before,
// `board.changes` are whole entries. Pure; as large as the programme of two days, however many changes come.

export function emptyBoard() {
  return { theatre: null, shows: [], isKnown: false };
}

/** The board after a frame; the same object when the frame says nothing new. */
export function fold(board, frame) {
  if (frame.type === "board") return { theatre: frame.theatre, shows: frame.shows.map(entryFrom), isKnown: true };
  if (frame.type !== "board.changes" || frame.shows.length === 0 || !board.isKnown) return board;
  const changed = new Map(frame.shows.map((show) => [show.id, entryFrom(show)]));
  return { ...board, shows: board.shows.map((show) => changed.get(show.id) ?? show) };
}

/** The ids of shows that have sold out between two boards: what a board saw happen, not what it found. */
export function newlyFull(before, after) {
  const wasOpen = new Set(before.shows.filter(({ status }) => status !== "housefull").map(({ id }) => id));
  return after.shows.filter(({ id, status }) => status === "housefull" && wasOpen.has(id)).map(({ id }) => id);
}

function entryFrom(show) {
  return { ...show, startsMs: Date.parse(show.starts_at), endsMs: Date.parse(show.ends_at) };
}
