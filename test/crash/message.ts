/** One message of a run: which producer sent it, and which one of that producer's it is, from 1. */
export interface Message {
  readonly producer: string;
  readonly sequence: number;
}

const FILLING = 'every word of it has to come back as it was sent '.repeat(8);
const TEXT = /^([a-z0-9-]+)\/(\d+)\/([ a-z]*)\.$/;

/** What is sent for a message: its name, and a filling whose length depends on it. Needs no escape in any protocol. */
export function textOf({ producer, sequence }: Message): string {
  return `${producer}/${sequence}/${fillingOf(sequence)}.`;
}

/** Reads what `textOf` wrote; undefined for anything else, a text that lacks one letter of it too. */
export function messageOf(text: string): Message | undefined {
  const [, producer, digits, filling] = TEXT.exec(text) ?? [];
  if (producer === undefined || filling === undefined) return undefined;
  const sequence = Number(digits);
  return filling === fillingOf(sequence) ? { producer, sequence } : undefined;
}

function fillingOf(sequence: number): string {
  return FILLING.slice(0, (sequence * 37) % 300);
}
