import { connect } from 'node:net';

const TIMEOUT_MS = 5_000;

/**
 * How many commands a Redis has worked on since it was started, those within scripts too.
 * @param {string} url
 * @returns {Promise<number>}
 */
export function redisCommandsProcessed(url) {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) });
    let answer = '';
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('Redis does not answer.')));
    socket.once('error', reject);
    socket.on('data', (chunk) => {
      answer += String(chunk);
      const found = /total_commands_processed:(\d+)\r\n/.exec(answer);
      if (found === null) return;
      socket.destroy();
      resolve(Number(found[1]));
    });
    socket.write('INFO stats\r\n');
  });
}
