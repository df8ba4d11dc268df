export { FakeLink } from './fake-link.js';
export { ManualClock } from './manual-clock.js';
export { SequentialIds } from './sequential-ids.js';
export { testServices } from './test-services.js';
export type { TestServices, TestServicesOptions } from './test-services.js';
export { RecordingEndpoint } from './recording-endpoint.js';
export type { Told } from './recording-endpoint.js';
export { StompPeer } from './stomp-peer.js';
export type { StompPeerFrame, StompPeerHeaders, StompPeerOptions } from './stomp-peer.js';
export { WampPeer } from './wamp-peer.js';
export type { WampPeerMessage, WampPeerOptions } from './wamp-peer.js';
export { subprotocolContract } from './subprotocol-contract.js';
export type { SampleMessage, SubprotocolSample, TestRunner } from './subprotocol-contract.js';
export { historyStoreContract } from './history-store-contract.js';
export type { HistoryStoreSample, OpenedHistoryStore } from './history-store-contract.js';
export { retainedStoreContract } from './retained-store-contract.js';
export type {
  OpenedRetainedStore,
  RetainedStoreLimits,
  RetainedStoreSample,
} from './retained-store-contract.js';
export { samplePublication } from './sample-publications.js';
export type { PublicationWishes } from './sample-publications.js';
export { queueStoreContract } from './queue-store-contract.js';
export type { OpenedQueueStore, QueueStoreSample } from './queue-store-contract.js';
