/** The part of AutobahnJS that the page uses; the package has no types of its own. */
declare module 'autobahn' {
  namespace autobahn {
    type List = readonly unknown[];
    type Dict = Readonly<Record<string, unknown>>;

    interface Registration {
      readonly id: number;
    }

    interface Session {
      readonly isOpen: boolean;
      subscribe(
        topic: string,
        handler: (args: List, kwargs: Dict, details: { readonly publication: number | bigint }) => void,
      ): Promise<unknown>;
      publish(
        topic: string,
        args: List,
        kwargs: Dict,
        options: { readonly acknowledge: true; readonly exclude_me: boolean },
      ): Promise<{ readonly id: number | bigint }>;
      register(
        procedure: string,
        endpoint: (
          args: List,
          kwargs: Dict,
          details: { readonly progress: ((args: List) => void) | null },
        ) => unknown,
      ): Promise<Registration>;
      unregister(registration: Registration): Promise<unknown>;
      call(procedure: string, args: List, kwargs: Dict, options: Dict): Promise<unknown> & Cancellable;
    }

    interface Cancellable {
      cancel(options: { readonly mode: 'skip' | 'kill' | 'killnowait' }): void;
    }

    interface Transport {
      readonly info: { readonly protocol: string | null };
    }

    interface Serializer {
      unserialize(payload: string | ArrayBuffer): unknown;
    }

    interface CloseDetails {
      readonly reason: string | null;
      readonly message: string | null;
    }

    class Connection {
      constructor(options: {
        readonly realm: string;
        readonly transports: readonly { readonly type: string; readonly url: string }[];
        readonly serializers: readonly Serializer[];
        readonly authmethods?: readonly string[];
        readonly authid?: string;
        readonly onchallenge?: (session: Session, method: string) => string;
        readonly use_deferred: () => unknown;
        readonly on_user_error: (error: unknown) => void;
        readonly on_internal_error: (error: unknown) => void;
      });
      readonly transport: Transport;
      onopen: (session: Session) => void;
      onclose: (how: string, details: CloseDetails) => boolean;
      open(): void;
      close(): void;
    }

    class Result {
      readonly args: List;
      readonly kwargs: Dict;
    }

    class Error {
      constructor(error: string, args?: List);
      readonly error: string;
      readonly args: List;
    }

    const serializer: Readonly<
      Record<'JSONSerializer' | 'MsgpackSerializer' | 'CBORSerializer', new () => Serializer>
    >;
    const log: { warn: (...what: readonly unknown[]) => void };
  }
  export = autobahn;
}
