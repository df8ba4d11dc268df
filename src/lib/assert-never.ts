/**
 * Marks the branch of a switch that the type checker has proved unreachable.
 *
 * @throws Error always: reaching it means that a union grew and a switch over it did not.
 */
export function assertNever(value: never): never {
  throw new Error(`Unreachable: ${String(value)}`);
}
