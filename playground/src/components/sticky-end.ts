import { useLayoutEffect, useRef } from 'preact/hooks';
import type { RefObject } from 'preact';

/** How far from its end a list still counts as read to its end, in CSS pixels. */
const NEAR = 60;

/** Keeps a list at its end while its reader is there; who has scrolled up stays where they are. */
export function useStickyEnd(content: unknown): RefObject<HTMLDivElement | null> {
  const list = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  useLayoutEffect(() => {
    const element = list.current;
    if (element === null) return;
    const look = () => {
      atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR;
    };
    element.addEventListener('scroll', look, { passive: true });
    return () => element.removeEventListener('scroll', look);
  }, []);
  useLayoutEffect(() => {
    const element = list.current;
    if (element !== null && atEnd.current) element.scrollTop = element.scrollHeight;
  }, [content]);
  return list;
}
