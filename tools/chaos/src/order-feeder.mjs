import { ChunkSource, salesOf } from './order-chunks.mjs';

/** @typedef {import('./platform-client.mjs').PlatformClient} PlatformClient */
/** @typedef {{ csv: string, sales: number }} Chunk */

/** Uploads the chunks of a file, each as an import of its own, when it is told to. Each is on its way until it is uploaded, however long that takes. */
export class OrderFeeder {
  #client;
  #source;
  #stockPerSku;
  /** @type {Set<Promise<void>>} */
  #uploads = new Set();
  /** @type {string[]} */
  #importIds = [];
  /** @type {unknown} */
  #failure;
  /** Sales of the file that are still to come, in its first round. */
  salesLeft;

  /**
   * @param {PlatformClient} client
   * @param {{ file: import('./order-chunks.mjs').OrdersFile, stockPerSku: number }} options
   */
  constructor(client, { file, stockPerSku }) {
    this.#client = client;
    this.#source = new ChunkSource(file);
    this.#stockPerSku = stockPerSku;
    this.salesLeft = salesOf(file);
  }

  get isUsedUp() {
    return this.#source.isUsedUp;
  }

  /** How often the file was gone through, from 1. */
  get rounds() {
    return this.#source.round + 1;
  }

  /** Chunks that are being uploaded. */
  get uploading() {
    return this.#uploads.size;
  }

  get importIds() {
    return this.#importIds;
  }

  /**
   * Begins to upload about so many sales.
   * @param {number} sales
   * @throws what an earlier upload was refused with
   */
  release(sales) {
    if (this.#failure !== undefined) throw this.#failure;
    const chunk = this.#source.take(sales);
    this.salesLeft = Math.max(0, this.salesLeft - chunk.sales);
    const upload = this.#client.upload(chunk.csv, this.#stockPerSku).then(
      (importId) => void this.#importIds.push(importId),
      (error) => void (this.#failure ??= error),
    );
    this.#uploads.add(upload);
    void upload.then(() => this.#uploads.delete(upload));
  }

  /** Resolves when all that was released is stored. @throws what one of them was refused with */
  async uploaded() {
    await Promise.all(this.#uploads);
    if (this.#failure !== undefined) throw this.#failure;
  }
}
