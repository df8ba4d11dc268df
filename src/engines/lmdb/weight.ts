import type { Publication } from '../../broker/index.js';

/** Bytes of all of a publication that its publisher chose the length of. */
export function weightOf(publication: Publication): number {
  const { topic, spelling } = publication;
  return publication.size + topic.length + (spelling?.length ?? 0);
}
