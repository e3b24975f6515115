// Collects what may look different and paints it once, with the browser's next frame.

export class Painter {
  #paint;
  #dirty = new Set();
  #planned = false;

  constructor(paint) {
    this.#paint = paint;
  }

  soon(indexes) {
    for (const index of indexes) this.#dirty.add(index);
    if (this.#planned) return;
    this.#planned = true;
    requestAnimationFrame(() => {
      this.#planned = false;
      const dirty = [...this.#dirty];
      this.#dirty.clear();
      this.#paint(dirty);
    });
  }
}
