/** What this browser remembers under a name; undefined if nothing, or if it may not. */
export function remembered(name: string): string | undefined {
  try {
    return localStorage.getItem(`mangrove.${name}`) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Remembers it, if the browser lets us; undefined forgets it. */
export function remember(name: string, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(`mangrove.${name}`);
    else localStorage.setItem(`mangrove.${name}`, value);
  } catch {
    // Private windows may have no storage; the page works without it.
  }
}
