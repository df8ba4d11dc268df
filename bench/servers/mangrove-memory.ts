import { serveProgram } from './mangrove-served.js';

serveProgram('memory');
