// Closer and farther: buttons, pinch, Ctrl and wheel. The map always begins as the whole screen.

const ZOOM_MAX_UNIT_PX = 56;
const STEP = 1.5;
// Below this a place is too small for a thumb: the first tap comes closer instead of choosing.
const THUMB_UNIT_PX = 22;
const COMFORT_UNIT_PX = 36;
// From here on there is nothing to come closer for.
const AMPLE_UNIT_PX = 30;

export class Zoom {
  #port = document.getElementById("seats");
  #map = document.getElementById("map");
  #buttons = document.getElementById("zoom");
  #tools = document.getElementById("map-tools");
  #hint = document.getElementById("map-hint");
  #onNear;
  #zoom = 1;
  #pinch = null;

  /** `onNear(isNear)` is told when the map is closer than whole, or whole again. */
  constructor(onNear) {
    this.#onNear = onNear;
    this.#tools.hidden = false;
    this.#buttons.addEventListener("click", (event) => this.#press(event.target.closest("button")?.dataset.zoom));
    this.#port.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.#port.addEventListener("click", (event) => event.target.closest("button.seat") || this.enlarged(event));
    this.#port.addEventListener("touchstart", (event) => this.#pinchStart(event), { passive: true });
    this.#port.addEventListener("touchmove", (event) => this.#pinchMove(event), { passive: false });
    this.#port.addEventListener("touchend", () => this.#pinchEnd());
    this.#port.addEventListener("touchcancel", () => this.#pinchEnd());
    new ResizeObserver(() => this.#show()).observe(this.#port);
  }

  /** Whether a tap was used to come closer, because the seats are too small to choose one. */
  enlarged(event) {
    if (event.pointerType !== "touch" || this.#unit() >= THUMB_UNIT_PX) return false;
    this.#to((this.#zoom * COMFORT_UNIT_PX) / this.#unit(), event.clientX, event.clientY);
    return true;
  }

  #press(what) {
    if (!what) return;
    const box = this.#port.getBoundingClientRect();
    const target = { in: this.#zoom * STEP, out: this.#zoom / STEP, fit: 1 }[what];
    this.#to(target, box.left + box.width / 2, box.top + box.height / 2);
  }

  #wheel(event) {
    if (!event.ctrlKey) return;
    event.preventDefault();
    this.#to(this.#zoom * Math.exp(-event.deltaY / 300), event.clientX, event.clientY);
  }

  #pinchStart(event) {
    if (event.touches.length !== 2) return;
    this.#pinch = { ...spread(event.touches), factor: 1 };
  }

  // While the fingers move only a transform changes; the layout follows once, when they lift.
  #pinchMove(event) {
    if (!this.#pinch || event.touches.length !== 2) return;
    if (event.cancelable) event.preventDefault();
    const wanted = this.#zoom * (spread(event.touches).distance / this.#pinch.distance);
    this.#pinch.factor = this.#clamp(wanted) / this.#zoom;
    const box = this.#map.getBoundingClientRect();
    if (this.#pinch.origin === undefined) this.#pinch.origin = [this.#pinch.x - box.left, this.#pinch.y - box.top];
    const [x, y] = this.#pinch.origin;
    this.#map.style.transformOrigin = `${x}px ${y}px`;
    this.#map.style.transform = `scale(${this.#pinch.factor})`;
  }

  #pinchEnd() {
    if (!this.#pinch) return;
    const { factor, x, y } = this.#pinch;
    this.#pinch = null;
    this.#map.style.transform = "";
    this.#to(this.#zoom * factor, x, y);
  }

  #to(wanted, clientX, clientY) {
    const zoom = this.#clamp(wanted);
    if (zoom === this.#zoom) return;
    // Not the map as a whole: its words keep their size, so its parts move by different shares.
    const seat = this.#nearest(clientX, clientY);
    const before = seat.getBoundingClientRect();
    const spot = [(clientX - before.left) / before.width, (clientY - before.top) / before.height];
    if (this.#zoom === 1) this.#port.style.height = `${this.#roomHeight()}px`;
    this.#zoom = zoom;
    this.#map.style.setProperty("--zoom", zoom);
    this.#onNear(zoom > 1);
    if (zoom === 1) this.#port.style.height = "";
    const after = seat.getBoundingClientRect();
    this.#port.scrollLeft += after.left + spot[0] * after.width - clientX;
    this.#port.scrollTop += after.top + spot[1] * after.height - clientY;
    this.#show();
  }

  #nearest(clientX, clientY) {
    let [found, least] = [this.#map, Infinity];
    for (const seat of this.#map.querySelectorAll("button.seat")) {
      const { left, right, top, bottom } = seat.getBoundingClientRect();
      const far = Math.hypot((left + right) / 2 - clientX, (top + bottom) / 2 - clientY);
      if (far < least) [found, least] = [seat, far];
    }
    return found;
  }

  // Coming closer must not push the rest of the page away: the window onto the map keeps its height.
  #roomHeight() {
    return Math.max(this.#port.offsetHeight, Math.min(innerHeight * 0.6, 560));
  }

  #unit() {
    return this.#map.querySelector("button.seat")?.getBoundingClientRect().width ?? THUMB_UNIT_PX;
  }

  #clamp(zoom) {
    return Math.max(1, Math.min(zoom, Math.max(1, (ZOOM_MAX_UNIT_PX * this.#zoom) / this.#unit())));
  }

  #show() {
    const [farther, fit, closer] = this.#buttons.children;
    closer.disabled = this.#clamp(this.#zoom * STEP) <= this.#zoom;
    farther.disabled = fit.disabled = this.#zoom === 1;
    this.#tools.classList.toggle("unneeded", this.#zoom === 1 && this.#unit() >= AMPLE_UNIT_PX);
    this.#hint.hidden = this.#unit() >= THUMB_UNIT_PX || !matchMedia("(pointer: coarse)").matches;
  }
}

function spread([a, b]) {
  return {
    distance: Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY),
    x: (a.clientX + b.clientX) / 2,
    y: (a.clientY + b.clientY) / 2,
  };
}
