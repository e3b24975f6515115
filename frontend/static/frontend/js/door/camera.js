// Reading QR codes with the phone's camera, where the browser can; saying plainly why not where it cannot.

const LOOK_EVERY_MS = 120;
// The same ticket held still before the camera is one scan.
const SAME_FOR_MS = 4000;

const NO_READER = "This browser cannot read QR codes. Type the code under it instead; Chrome on Android can scan.";
const NO_CAMERA = "There is no camera here that this page may use. Type the code instead.";
const NOT_SECURE = "Browsers lend their camera to HTTPS pages only. Type the code instead.";
const NOT_ALLOWED = "The camera is not allowed. Allow it in the browser’s settings for this page, or type the code.";
const BUSY = "The camera is used by another app. Close that, or type the code.";

export class Camera {
  #video;
  #onCode;
  #detector = null;
  #last = { code: "", at: 0 };

  /** `onCode(text)` is called for each code that comes before the camera. */
  constructor(video, onCode) {
    this.#video = video;
    this.#onCode = onCode;
  }

  /** Why there is nothing to start, in words; "" when there is. */
  async whyNot() {
    if (!globalThis.isSecureContext) return NOT_SECURE;
    const formats = await globalThis.BarcodeDetector?.getSupportedFormats?.().catch(() => []);
    if (!formats?.includes("qr_code")) return NO_READER;
    return navigator.mediaDevices?.getUserMedia ? "" : NO_CAMERA;
  }

  /** Start looking. Returns why it could not, in words; "" when it does. */
  async start() {
    try {
      const wanted = { video: { facingMode: "environment", width: { ideal: 1280 } }, audio: false };
      this.#video.srcObject = await navigator.mediaDevices.getUserMedia(wanted);
    } catch (error) {
      if (error.name === "NotAllowedError") return NOT_ALLOWED;
      return error.name === "NotReadableError" ? BUSY : NO_CAMERA;
    }
    this.#video.hidden = false;
    await this.#video.play();
    this.#detector = new BarcodeDetector({ formats: ["qr_code"] });
    this.#look();
    return "";
  }

  async #look() {
    const stream = this.#video.srcObject;
    if (!stream?.active) return;
    if (!document.hidden) {
      // A frame that cannot be read is followed by the next one.
      const found = await this.#detector.detect(this.#video).catch(() => []);
      if (found.length > 0) this.#take(found[0].rawValue);
    }
    setTimeout(() => this.#look(), LOOK_EVERY_MS);
  }

  #take(code) {
    const now = performance.now();
    const isSame = code === this.#last.code && now - this.#last.at < SAME_FOR_MS;
    this.#last = { code, at: now };
    if (!isSame) this.#onCode(code);
  }
}
