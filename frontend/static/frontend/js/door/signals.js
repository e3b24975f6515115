// A short sound and a buzz for hands and ears that are busy. Both are extras: a phone on silent loses nothing.

const TONES = { in: [[880, 0.12]], no: [[220, 0.18], [0, 0.06], [220, 0.28]], again: [[440, 0.1], [0, 0.05], [440, 0.1]] };
const BUZZES = { in: [60], no: [120, 80, 200], again: [60, 60, 60] };

let audio = null;

/** Browsers let a page make sounds only after a touch: call this from one. */
export function allowSounds() {
  audio ??= globalThis.AudioContext ? new AudioContext() : null;
  audio?.resume();
}

export function signal(kind) {
  navigator.vibrate?.(BUZZES[kind]);
  if (audio?.state !== "running") return;
  let at = audio.currentTime;
  for (const [hertz, seconds] of TONES[kind]) {
    if (hertz) play(hertz, at, seconds);
    at += seconds;
  }
}

function play(hertz, at, seconds) {
  const tone = new OscillatorNode(audio, { frequency: hertz, type: "triangle" });
  const volume = new GainNode(audio, { gain: 0.3 });
  volume.gain.setTargetAtTime(0, at + seconds - 0.03, 0.01);
  tone.connect(volume).connect(audio.destination);
  tone.start(at);
  tone.stop(at + seconds);
}
