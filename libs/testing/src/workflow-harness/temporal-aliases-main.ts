/** `node --import @backstitch/testing/temporal-aliases program.js` */
import { registerTemporalAliases } from './temporal-aliases.js';

registerTemporalAliases();
