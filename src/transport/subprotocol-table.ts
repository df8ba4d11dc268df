import type { Services, Subprotocol } from '../subprotocols/index.js';

/** Token → subprotocol, and the order in which subprotocols are asked whether they recognise a message. */
export class SubprotocolTable {
  /** The tokens that are answered, in the order of the subprotocols. */
  readonly tokens: ReadonlySet<string>;
  /** token → its owner */
  readonly #owners = new Map<string, Subprotocol>();

  /** @throws Error naming both, if two subprotocols claim one token. */
  constructor(
    private readonly subprotocols: readonly Subprotocol[],
    private readonly instrumentation: Services['instrumentation'],
  ) {
    for (const subprotocol of subprotocols) {
      for (const token of subprotocol.tokens) {
        const owner = this.#owners.get(token);
        if (owner !== undefined) {
          throw new Error(
            `The subprotocols ${owner.name} and ${subprotocol.name} both claim the token ${token}.`,
          );
        }
        this.#owners.set(token, subprotocol);
      }
    }
    this.tokens = new Set(this.#owners.keys());
  }

  /** The owner of a token that was negotiated. */
  owner(token: string): Subprotocol | undefined {
    return this.#owners.get(token);
  }

  /** The first subprotocol that recognises the first message of a connection that offered no token. */
  recognise(firstMessage: Buffer, isBinary: boolean): Subprotocol | undefined {
    return this.subprotocols.find((subprotocol) => {
      try {
        return subprotocol.recognises?.(firstMessage, isBinary) === true;
      } catch (error) {
        this.instrumentation.defect(`${subprotocol.name}.recognises`, error);
        return false;
      }
    });
  }
}
