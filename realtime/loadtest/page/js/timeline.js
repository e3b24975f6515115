// The states of all seats at any moment of the run. Keyframes make a jump as cheap as a step.

export const LETTERS = "AHBX?";
// From a keyframe on, no more changes than these are applied one by one, but for those of one frame.
const KEYFRAME_CHANGES = 500;

export class Timeline {
  #times;
  #versions;
  // Where the changes of each frame end in #seats and #states.
  #ends;
  #seats;
  #states;
  #keyframes = [];

  /** `replay` has start (a letter a seat) and changes ([ms, version, [[seat, letter], …]], never back in time). */
  constructor({ start, changes, length_ms: length }) {
    this.length = length;
    this.frames = changes.length;
    this.#times = Float64Array.from(changes, ([ms]) => ms);
    this.#versions = Float64Array.from(changes, ([, version]) => version);
    this.#ends = new Uint32Array(changes.length);
    const count = changes.reduce((sum, [, , seats]) => sum + seats.length, 0);
    this.#seats = new Uint16Array(count);
    this.#states = new Uint8Array(count);
    this.#unfold(Uint8Array.from(start, (letter) => LETTERS.indexOf(letter)), changes);
  }

  /** How many frames have come at a moment, those of that very moment included. */
  framesAt(ms) {
    let low = 0;
    let high = this.frames;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#times[middle] <= ms) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The state of each seat after so many frames, as its place in LETTERS. */
  statesAfter(frames) {
    const keyframe = this.#keyframeBefore(frames);
    const states = keyframe.states.slice();
    for (let at = this.#startOf(keyframe.frames); at < this.#startOf(frames); at += 1) states[this.#seats[at]] = this.#states[at];
    return states;
  }

  /** The version the map had after so many frames; null before the first. */
  versionAfter(frames) {
    return frames ? this.#versions[frames - 1] : null;
  }

  /** When the next other moment with a change is, or null: direction 1 is after, -1 before. The start counts as one. */
  momentBeside(ms, direction) {
    if (direction > 0) {
      const next = this.framesAt(ms);
      return next < this.frames ? this.#times[next] : null;
    }
    let at = this.framesAt(ms) - 1;
    while (at >= 0 && this.#times[at] >= ms) at -= 1;
    if (at >= 0) return this.#times[at];
    return ms > 0 ? 0 : null;
  }

  /** What happened to a seat: [{ ms, version, letter }], its start first. */
  historyOf(seat) {
    const history = [{ ms: 0, version: null, letter: LETTERS[this.#keyframes[0].states[seat]] }];
    for (let frame = 0, at = 0; frame < this.frames; frame += 1) {
      for (; at < this.#ends[frame]; at += 1) {
        if (this.#seats[at] !== seat) continue;
        history.push({ ms: this.#times[frame], version: this.#versions[frame], letter: LETTERS[this.#states[at]] });
      }
    }
    return history;
  }

  /** How many seats are in each state at `samples` moments from start to end: arrays in the order of LETTERS. */
  countsOver(samples) {
    const states = this.#keyframes[0].states.slice();
    const counts = countOf(states);
    const all = [];
    for (let sample = 0, frame = 0, at = 0; sample < samples; sample += 1) {
      const until = this.framesAt((this.length * sample) / (samples - 1));
      for (; frame < until; frame += 1) {
        for (; at < this.#ends[frame]; at += 1) {
          counts[states[this.#seats[at]]] -= 1;
          states[this.#seats[at]] = this.#states[at];
          counts[this.#states[at]] += 1;
        }
      }
      all.push([...counts]);
    }
    return all;
  }

  // Internal

  #unfold(states, changes) {
    this.#keyframes.push({ frames: 0, states: states.slice() });
    let at = 0;
    let kept = 0;
    changes.forEach(([, , seats], frame) => {
      if (at - kept >= KEYFRAME_CHANGES) {
        this.#keyframes.push({ frames: frame, states: states.slice() });
        kept = at;
      }
      for (const [seat, letter] of seats) {
        states[seat] = LETTERS.indexOf(letter);
        this.#seats[at] = seat;
        this.#states[at] = states[seat];
        at += 1;
      }
      this.#ends[frame] = at;
    });
  }

  #keyframeBefore(frames) {
    let low = 0;
    let high = this.#keyframes.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#keyframes[middle].frames <= frames) low = middle;
      else high = middle;
    }
    return this.#keyframes[low];
  }

  #startOf(frames) {
    return frames ? this.#ends[frames - 1] : 0;
  }
}

/** How many seats are in each state, in the order of LETTERS. */
export function countOf(states) {
  const counts = new Array(LETTERS.length).fill(0);
  for (const state of states) counts[state] += 1;
  return counts;
}
