import { startPayment } from './start-payment.js';

await startPayment();
