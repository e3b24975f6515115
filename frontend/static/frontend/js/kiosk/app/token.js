// The secret by which the house knows this screen. It stays on the screen; without storage a screen is public.

import { safely } from "./safely.js";

const KEY = "housefull.screen";

export function token() {
  return safely(() => localStorage.getItem(KEY), null);
}

export function keepToken(secret) {
  return safely(() => localStorage.setItem(KEY, secret), undefined);
}

export function forgetToken() {
  return safely(() => localStorage.removeItem(KEY), undefined);
}
