// Storage may be switched off, full or forbidden: then the screen goes on without it.

export function safely(use, otherwise) {
  try {
    return use();
  } catch (error) {
    if (error instanceof DOMException) return otherwise;
    throw error;
  }
}
