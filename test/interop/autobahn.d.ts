/** The part of AutobahnJS that the tests use; the package has no types of its own. */
declare module 'autobahn' {
  namespace autobahn {
    type List = readonly unknown[];
    type Dict = Readonly<Record<string, unknown>>;

    interface Event {
      readonly publication: number;
      readonly topic: string;
      readonly publisher?: number;
      readonly publisher_authid?: string;
      readonly publisher_authrole?: string;
    }

    interface Invocation {
      readonly procedure: string;
      readonly progress: ((args: List, kwargs?: Dict) => void) | null;
      readonly caller?: number;
      readonly caller_authid?: string;
      readonly caller_authrole?: string;
    }

    interface Subscription {
      readonly id: number;
      readonly topic: string;
      readonly active: boolean;
      /** Resolves with the reason if the router takes it away. */
      readonly on_unsubscribe: Promise<unknown>;
    }

    interface Registration {
      readonly id: number;
      readonly procedure: string;
      readonly active: boolean;
      /** Resolves with the reason if the router takes it away. */
      readonly on_unregister: Promise<unknown>;
    }

    /** A promise of when.js, which also tells of progress. */
    interface Pending extends Promise<unknown> {
      cancel(options?: { readonly mode: 'skip' | 'kill' | 'killnowait' }): void;
      then<A = unknown, B = never>(
        done?: ((value: unknown) => A | PromiseLike<A>) | null,
        failed?: ((error: unknown) => B | PromiseLike<B>) | null,
        progress?: (value: unknown) => void,
      ): Promise<A | B>;
    }

    interface Session {
      readonly id: number;
      readonly isOpen: boolean;
      readonly features: Readonly<Record<'publisher' | 'subscriber' | 'caller' | 'callee', Dict>>;
      subscribe(
        topic: string,
        handler: (args: List, kwargs: Dict, details: Event) => void,
        options?: Dict,
      ): Promise<Subscription>;
      unsubscribe(subscription: Subscription): Promise<boolean>;
      publish(
        topic: string,
        args?: List,
        kwargs?: Dict,
        options?: Dict,
      ): Promise<{ readonly id: number }> | undefined;
      register(
        procedure: string,
        endpoint: (args: List, kwargs: Dict, details: Invocation) => unknown,
        options?: Dict,
      ): Promise<Registration>;
      unregister(registration: Registration): Promise<void>;
      call(procedure: string, args?: List, kwargs?: Dict, options?: Dict): Pending;
    }

    interface CloseDetails {
      readonly reason: string | null;
      readonly message: string | null;
    }

    /** Where to connect. */
    interface Place {
      readonly url?: string;
      readonly transports?: readonly Dict[];
      readonly serializers?: readonly object[];
    }

    interface ConnectionOptions extends Place {
      readonly realm: string;
      readonly max_retries?: number;
      readonly authmethods?: readonly string[];
      readonly authid?: string;
      readonly authextra?: Dict;
      readonly onchallenge?: (session: Session, method: string, extra: Dict) => string;
      readonly on_user_error?: (error: unknown) => void;
      readonly on_internal_error?: (error: unknown) => void;
    }

    class Connection {
      constructor(options: ConnectionOptions);
      readonly transport: { readonly info: { readonly protocol: string } };
      onopen: (session: Session, details: Dict) => void;
      onclose: (reason: string, details: CloseDetails) => boolean;
      open(): void;
      close(reason?: string, message?: string): void;
    }

    class Result {
      constructor(args?: List, kwargs?: Dict);
      readonly args: List;
      readonly kwargs: Dict;
    }

    class Error {
      constructor(error: string, args?: List, kwargs?: Dict);
      readonly error: string;
      readonly args: List;
      readonly kwargs: Dict;
    }

    const serializer: Readonly<
      Record<'JSONSerializer' | 'MsgpackSerializer' | 'CBORSerializer', new () => object>
    >;
    const auth_cra: {
      sign(key: string, challenge: unknown): string;
      derive_key(secret: string, salt: unknown, iterations: unknown, keylen: unknown): string;
    };
    const auth_cryptosign: {
      sign_challenge(pair: { readonly secretKey: Uint8Array }, extra: Dict): string;
    };
    const log: { warn: (...what: unknown[]) => void };
  }
  export = autobahn;
}
