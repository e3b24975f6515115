// Keeps the screen on: browsers let go of the lock whenever the page was hidden, and refuse it without power.

export function stayAwake() {
  if (!("wakeLock" in navigator)) return;
  const ask = async () => {
    if (document.hidden) return;
    try {
      await navigator.wakeLock.request("screen");
    } catch (error) {
      // On battery, or on a page that is not secure: then the machine's own settings keep it on (docs/kiosks.md).
      if (!(error instanceof DOMException)) throw error;
    }
  };
  document.addEventListener("visibilitychange", ask);
  ask();
}
