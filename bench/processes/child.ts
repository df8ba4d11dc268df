import type { Answer, Question, Requests } from './protocol.js';

/** Answers to some of the requests. */
export type Handlers = {
  readonly [Name in keyof Requests]?: (
    question: Requests[Name][0],
  ) => Requests[Name][1] | Promise<Requests[Name][1]>;
};

/** Answers the parent's requests, one at a time, until it goes away. */
export function serve(handlers: Handlers): void {
  const answers: Readonly<Record<string, ((question: never) => unknown) | undefined>> = {
    cpu(): number {
      const { user, system } = process.cpuUsage();
      return user + system;
    },
    ...handlers,
  };
  const reply = (answer: Answer): void => void process.send?.(answer);
  process.on('message', ({ name, question }: Question) => {
    const handler = answers[name];
    Promise.resolve()
      .then(() => {
        if (handler === undefined) throw new Error(`cannot ${name}`);
        return handler(question as never);
      })
      .then(
        (answer) => reply({ answer }),
        (error: unknown) => reply({ error: error instanceof Error ? error.message : String(error) }),
      );
  });
  process.on('disconnect', () => {
    void Promise.resolve(handlers.end?.(undefined)).finally(() => process.exit(0));
  });
  // Ctrl-C reaches the whole group: the parent ends us.
  process.on('SIGINT', () => {});
}
