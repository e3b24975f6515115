// Idempotency keys: the same request again, after a lost answer, is done once.

export function newKey() {
  // Not randomUUID(): that one exists on secure origins only, and a demo in the local network is none.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
