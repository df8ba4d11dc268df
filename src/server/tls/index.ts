export { TlsFileError, readTls } from './tls-files.js';
export type { TlsMaterial } from './tls-files.js';
export { ServedTls } from './served-tls.js';
export type { SecureServer } from './served-tls.js';
