/** Fails the test unless both are the same as JSON says them. */
export function checkSame(actual: unknown, expected: unknown, what: string): void {
  const [is, shouldBe] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (is !== shouldBe) throw new Error(`${what}: ${is} instead of ${shouldBe}`);
}

/** Fails the test unless the change is refused with this code, at once or later. */
export async function checkRefused(
  change: () => Promise<void> | undefined,
  code: string,
  what: string,
): Promise<void> {
  let refused: unknown;
  try {
    await change();
  } catch (error) {
    refused = (error as { readonly code?: unknown }).code;
  }
  checkSame(refused, code, what);
}
