// What a seat of the staff's map is called, aloud and in its tip.

import { describe } from "../model/house.js";
import { rupees } from "../model/money.js";
import { stateWords } from "../model/words.js";

/** F7, Gold, ₹350, available, chosen. */
export function nameOf(state, index, isChosen) {
  const seat = state.house.seats[index];
  const words = [...describe(seat), rupees(seat.pricePaise), wordsOf(state, index)];
  return (isChosen ? [...words, "chosen"] : words).join(", ");
}

/** {title, line} of its tip. */
export function tipOf(state, index) {
  const seat = state.house.seats[index];
  const [label, ...what] = describe(seat);
  return { title: `${label} · ${rupees(seat.pricePaise)}`, line: [...what, wordsOf(state, index)].join(", ") };
}

/** What it is now: held by someone for 3:20 more. */
export function wordsOf(state, index) {
  return stateWords(state.stateOf(index), state.leftOf(index));
}
