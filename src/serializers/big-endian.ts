const SCRATCH = new Uint8Array(8);
const VIEW = new DataView(SCRATCH.buffer);

/** The unsigned integer of 1, 2, 4 or 8 bytes at `at`; above 2^53 rounded, which is good enough for lengths. */
export function readUint(bytes: Uint8Array, at: number, width: number): number {
  let value = 0;
  for (let index = at; index < at + width; index += 1) value = value * 256 + bytes[index]!;
  return value;
}

/** The unsigned integer of 8 bytes at `at`: a number if it is safe, else a `bigint`. */
export function readUint64(bytes: Uint8Array, at: number): number | bigint {
  const high = readUint(bytes, at, 4);
  const low = readUint(bytes, at + 4, 4);
  const value = high * 0x1_0000_0000 + low;
  return Number.isSafeInteger(value) ? value : (BigInt(high) << 32n) | BigInt(low);
}

/** The two's complement integer of 8 bytes at `at`: a number if it is safe, else a `bigint`. */
export function readInt64(bytes: Uint8Array, at: number): number | bigint {
  const high = readUint(bytes, at, 4) | 0;
  const low = readUint(bytes, at + 4, 4);
  const value = high * 0x1_0000_0000 + low;
  return Number.isSafeInteger(value) ? value : (BigInt(high) << 32n) | BigInt(low);
}

/** The half-precision float at `at` [IEEE 754]. */
export function readFloat16(bytes: Uint8Array, at: number): number {
  const half = readUint(bytes, at, 2);
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  const sign = half & 0x8000 ? -1 : 1;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** The single-precision float at `at`. */
export function readFloat32(bytes: Uint8Array, at: number): number {
  for (let index = 0; index < 4; index += 1) SCRATCH[index] = bytes[at + index]!;
  return VIEW.getFloat32(0);
}

/** The double at `at`. */
export function readFloat64(bytes: Uint8Array, at: number): number {
  for (let index = 0; index < 8; index += 1) SCRATCH[index] = bytes[at + index]!;
  return VIEW.getFloat64(0);
}
