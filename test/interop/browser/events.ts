/** What readable-stream needs of Node's `events`; stands in for it in the page. */
type Listener = (...what: unknown[]) => void;

interface Emitter {
  on(name: string, listener: Listener): Emitter;
  once(name: string, listener: Listener): Emitter;
  removeListener(name: string, listener: Listener): Emitter;
  emit(name: string, ...what: unknown[]): boolean;
  listeners(name: string): Listener[];
  listenerCount(name: string): number;
}

/** emitter → name → listeners, in order */
const LISTENERS = new WeakMap<Emitter, Map<string, Listener[]>>();

function listenersOf(emitter: Emitter, name: string): Listener[] {
  const names = LISTENERS.get(emitter) ?? new Map<string, Listener[]>();
  LISTENERS.set(emitter, names);
  const found = names.get(name) ?? [];
  names.set(name, found);
  return found;
}

/** A function and no class, because readable-stream calls it on an object of its own. */
export function EventEmitter(): void {}

const METHODS: Emitter & ThisType<Emitter> = {
  on(name, listener) {
    listenersOf(this, name).push(listener);
    return this;
  },
  once(name, listener) {
    const once: Listener = (...what) => {
      this.removeListener(name, once);
      listener.apply(this, what);
    };
    return this.on(name, once);
  },
  removeListener(name, listener) {
    const found = listenersOf(this, name);
    const at = found.indexOf(listener);
    if (at !== -1) found.splice(at, 1);
    return this;
  },
  emit(name, ...what) {
    const found = this.listeners(name);
    for (const listener of found) listener.apply(this, what);
    return found.length > 0;
  },
  listeners(name) {
    return [...listenersOf(this, name)];
  },
  listenerCount(name) {
    return listenersOf(this, name).length;
  },
};

EventEmitter.prototype = { ...METHODS, addListener: METHODS.on, off: METHODS.removeListener };
EventEmitter.EventEmitter = EventEmitter;
