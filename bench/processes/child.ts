import type { Answer, Question, Requests } from './protocol.js';

/** Answers to some of the requests. */
export type Handlers = {
  readonly [Name in Exclude<keyof Requests, 'cpu'>]?: (
    question: Requests[Name][0],
  ) => Requests[Name][1] | Promise<Requests[Name][1]>;
};

/** Answers the parent's requests, one at a time, until it goes away. */
export function serve(handlers: Handlers): void {
  const answers: Readonly<Record<string, ((question: never) => unknown) | undefined>> = {
    ...handlers,
    cpu(): number {
      const { user, system } = process.cpuUsage();
      return user + system;
    },
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
  process.on('disconnect', () => process.exit(0));
  // Ctrl-C reaches the whole group: the parent ends us.
  process.on('SIGINT', () => {});
}
