// What this browser remembers, one value a key. Where storage is shut (private windows, full), it forgets.
const PREFIX = "easel.";

export function recall(key) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + key)) ?? undefined;
  } catch {
    return undefined;
  }
}

export function remember(key, value) {
  try {
    localStorage.setItem(PREFIX + key, JSON.stringify(value));
  } catch {
    /* nothing is lost but the memory of it */
  }
}

export function forget(key) {
  try {
    localStorage.removeItem(PREFIX + key);
  } catch {
    /* as above */
  }
}
