import Stripe from 'stripe';

type HttpClient = ReturnType<typeof Stripe.createNodeHttpClient>;

/** A connection that closed before the answer came. Carries no `code`, so that the `stripe` package does not send again. */
export class ConnectionLostError extends Error {
  override readonly name = 'ConnectionLostError';
}

/**
 * Keeps the `stripe` package from sending a request a second time by itself: it does so once when a connection closes, even with
 * `maxNetworkRetries: 0`. Here the provider is asked before anything is sent again.
 */
export function createSingleRequestHttpClient(inner: HttpClient): HttpClient {
  return {
    getClientName: () => inner.getClientName(),
    makeRequest: async (host, port, path, method, headers, requestData, protocol, timeout) => {
      try {
        return await inner.makeRequest(host, port, path, method, headers, requestData, protocol, timeout);
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code;
        if (code === 'ECONNRESET' || code === 'EPIPE') {
          throw new ConnectionLostError(`The connection closed before an answer came (${code}).`, { cause: error });
        }
        throw error;
      }
    },
  };
}
