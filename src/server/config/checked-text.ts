import { z } from 'zod';

/** A string that has to pass a check; `allowed` says in words what passes. */
export function text(passes: (value: string) => boolean, allowed: string) {
  return z.string().refine(passes, { message: allowed }).meta({ allowed });
}

/** Whether no two items of a list have the same key. */
export function unique(key: (item: unknown) => unknown) {
  return (items: readonly unknown[]): boolean => new Set(items.map(key)).size === items.length;
}
