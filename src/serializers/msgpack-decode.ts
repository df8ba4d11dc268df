import { BinaryReader, textOfKey } from './binary-decode.js';
import { readFloat32, readFloat64, readInt64, readUint, readUint64 } from './big-endian.js';
import { ARRAY, BYTES, KIND, MAP, refusedLead, SCALAR, SIZE, SIZE_WIDTH, TEXT } from './msgpack-scan.js';
import { unsupported } from './refusals.js';
import type { WireMap, WireValue } from './serializer.js';

/** Reads one MessagePack item; as strict as the scan, without its limits on count and length. */
export class MsgpackReader extends BinaryReader {
  protected override value(depth: number): WireValue {
    const start = this.take(1);
    const lead = this.bytes[start]!;
    if (lead < 0x80) return lead;
    if (lead >= 0xe0) return lead - 0x100;
    const kind = KIND[lead]!;
    if (kind === SCALAR) return this.#scalar(lead);
    if (kind === ARRAY || kind === MAP) this.enter(depth);
    const width = SIZE_WIDTH[lead]!;
    const size = width === 0 ? SIZE[lead]! : readUint(this.bytes, this.take(width), width);
    switch (kind) {
      case TEXT:
        return this.readText(size);
      case BYTES:
        return this.readBytes(size);
      case ARRAY:
        return this.#array(size, depth);
      case MAP:
        return this.#map(size, depth);
      default:
        throw refusedLead(lead, start);
    }
  }

  #scalar(lead: number): WireValue {
    const { bytes } = this;
    const size = SIZE[lead]!;
    const at = this.take(size);
    switch (lead) {
      case 0xc0:
        return null;
      case 0xc2:
      case 0xc3:
        return lead === 0xc3;
      case 0xca:
        return readFloat32(bytes, at);
      case 0xcb:
        return readFloat64(bytes, at);
      case 0xcf:
        return readUint64(bytes, at);
      case 0xd3:
        return readInt64(bytes, at);
      default: {
        const value = readUint(bytes, at, size);
        const unused = 32 - size * 8;
        return lead < 0xd0 ? value : (value << unused) >> unused;
      }
    }
  }

  #array(count: number, depth: number): WireValue[] {
    this.expect(count);
    const array: WireValue[] = [];
    for (let index = 0; index < count; index += 1) array.push(this.value(depth + 1));
    return array;
  }

  #map(count: number, depth: number): WireMap {
    this.expect(count * 2);
    const map = Object.create(null) as WireMap;
    for (let index = 0; index < count; index += 1) {
      const kind = KIND[this.bytes[this.at]!];
      if (kind === ARRAY || kind === MAP) throw unsupported(this.at, 'a container as key');
      const key = textOfKey(this.value(depth + 1));
      map[key] = this.value(depth + 1);
    }
    return map;
  }
}
