export { FakeLink } from './fake-link.js';
export { ManualClock } from './manual-clock.js';
export { SequentialIds } from './sequential-ids.js';
export { testServices } from './test-services.js';
export type { TestServices, TestServicesOptions } from './test-services.js';
export { RecordingEndpoint } from './recording-endpoint.js';
export type { Told } from './recording-endpoint.js';
