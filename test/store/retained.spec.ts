import { describe, it } from '@jest/globals';
import { retainedStoreContract } from '../../src/testing/index.js';
import { RETAINED_STORES } from './engines.js';

for (const sample of RETAINED_STORES) retainedStoreContract({ describe, it }, sample);
