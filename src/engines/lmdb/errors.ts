/** Why a store could not be opened, checked, copied or compacted. */
export type StoreOpenErrorCode =
  /** Another process has it open. */
  | 'locked'
  /** The file is not what was written. */
  | 'damaged'
  /** The file was not made by Mangrove. */
  | 'foreign'
  /** The file was made by a newer Mangrove. */
  | 'newer'
  /** The file is older than what was confirmed. */
  | 'rolled-back'
  /** The operating system refused: permissions, no space, no such folder. */
  | 'unreadable';

/** Thrown where a store cannot be opened; the message says what to do. */
export class StoreOpenError extends Error {
  constructor(
    readonly code: StoreOpenErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'StoreOpenError';
  }
}

/** The system's error code (`ENOENT`, …) of anything thrown. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** What anything thrown says. */
export function messageOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message);
  return String(error);
}
