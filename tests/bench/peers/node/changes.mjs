// Changes of shows on their way to the viewers: each as a message of its own, or those of a window as one.

export class Changes {
  // `tell(show, message)` is called with {type: "seats", version, changes}. A window of 0 ms holds nothing back.
  constructor(windowMs, tell) {
    this.windowMs = windowMs;
    this.tell = tell;
    this.waiting = new Map();
  }

  add(show, version, changes) {
    if (this.windowMs === 0) {
      this.tell(show, { type: "seats", version, changes });
      return;
    }
    const message = this.waiting.get(show);
    if (message !== undefined) {
      message.version = Math.max(message.version, version);
      message.changes.push(...changes);
      return;
    }
    this.waiting.set(show, { type: "seats", version, changes });
    setTimeout(() => {
      const due = this.waiting.get(show);
      this.waiting.delete(show);
      this.tell(show, due);
    }, this.windowMs);
  }
}
