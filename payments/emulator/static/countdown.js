// The time left to pay. Counted from a deadline, so that a tab that slept is right at once when it wakes.

const SOON_SECONDS = 60;

/** Show the seconds until now + `seconds`; `onSoon` once in the last minute, `onEnd` once at zero. */
export function countDown(seconds, { root, clock, onSoon, onEnd }) {
  const deadline = Date.now() + seconds * 1000;
  let soon = false;
  root.hidden = false;
  const look = () => {
    const left = Math.max(0, Math.ceil((deadline - Date.now()) / 1000));
    clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    if (left <= SOON_SECONDS && !soon) {
      soon = true;
      root.classList.add("soon");
      onSoon(left);
    }
    if (left > 0) return;
    stop();
    onEnd();
  };
  const beat = setInterval(look, 500);
  const stop = () => {
    clearInterval(beat);
    document.removeEventListener("visibilitychange", look);
  };
  document.addEventListener("visibilitychange", look);
  look();
  return stop;
}
