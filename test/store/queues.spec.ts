import { describe, it } from '@jest/globals';
import { queueStoreContract } from '../../src/testing/index.js';
import { QUEUE_STORES } from './engines.js';

for (const sample of QUEUE_STORES) queueStoreContract({ describe, it }, sample);
