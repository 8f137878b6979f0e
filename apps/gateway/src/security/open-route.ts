import { SetMetadata } from '@nestjs/common';

export const OPEN_ROUTE = 'backstitch:open-route';

/** A route that needs no API key, since what it takes is a right by itself. */
export const OpenRoute = () => SetMetadata(OPEN_ROUTE, true);
