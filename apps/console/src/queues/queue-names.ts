import { SERVICES } from '@backstitch/contracts';
import { serviceQueues } from '@backstitch/protocol';

/** Every queue of the platform. */
export const QUEUE_NAMES: readonly string[] = SERVICES.flatMap((service) => Object.values(serviceQueues(service)));
