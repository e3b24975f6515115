// What never changes while the page is open: the seats, their prices, and where they stand.

import { gridOf } from "./grid.js";

/** The house of the page's data: `seats` in index order, `indexOf` a label, `grid`, `priceOf` a label. */
export function houseFrom(data) {
  const seats = data.seats.map(([label, x, y, kind, category]) => {
    const { key, name, price_paise: pricePaise } = data.categories[category];
    return { label, x, y, kind: data.kinds[kind], category: key, categoryName: name, pricePaise };
  });
  const indexes = new Map(seats.map((seat, index) => [seat.label, index]));
  return {
    seats,
    grid: gridOf(seats),
    indexOf: (label) => indexes.get(label),
    priceOf: (label) => seats[indexes.get(label)].pricePaise,
  };
}

const KIND_WORDS = {
  recliner: "recliner",
  sofa: "sofa for two",
  wheelchair: "wheelchair space",
  companion: "companion seat",
  restricted: "restricted view",
};

/** What a seat is, without its state: ["F7", "Gold", "sofa for two"]. */
export function describe(seat) {
  const kind = KIND_WORDS[seat.kind];
  const said = kind && !seat.categoryName.toLowerCase().includes(kind);
  return said ? [seat.label, seat.categoryName, kind] : [seat.label, seat.categoryName];
}
