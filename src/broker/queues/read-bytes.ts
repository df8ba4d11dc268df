/** Bytes of messages after which one read of a store ends, however many more it may bring: one message may be very large. */
export const READ_BYTES = 1024 * 1024;
