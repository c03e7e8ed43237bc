import { cache } from '@cornerstonejs/core';
import { forget, loadPicture } from './loader';

const AT_ONCE = 6;
/** As much of Cornerstone's cache as one series may fill before it is seen. */
const SHARE = 0.6;

/** Loads the pictures of a series ahead: outward from where one looks, a few at a time, until it is left. */
export class Prefetch {
  #ids: readonly string[] = [];
  #at = 0;
  #running = new Set<string>();
  #done = new Set<string>();
  #onAll: () => void = () => {};

  /** Start with another series. `onAll` is called once, when every picture that has room is there or has failed. */
  start(ids: readonly string[], at: number, onAll: () => void): void {
    this.stop();
    this.#ids = ids;
    this.#at = at;
    this.#done = new Set();
    this.#onAll = onAll;
    for (let lane = 0; lane < AT_ONCE; lane++) this.#next();
  }

  /** Go on from here. */
  moveTo(at: number): void {
    this.#at = at;
  }

  /** Leave: what is under way is called off. */
  stop(): void {
    this.#ids = [];
    this.#onAll = () => {};
    for (const id of this.#running) forget(id);
    this.#running.clear();
  }

  #next(): void {
    const id = this.#nearest();
    if (id === null) {
      if (this.#running.size === 0 && this.#ids.length > 0) {
        const onAll = this.#onAll;
        this.#onAll = () => {};
        onAll();
      }
      return;
    }
    const ids = this.#ids;
    this.#running.add(id);
    const then = (): void => {
      if (ids !== this.#ids) return;
      this.#running.delete(id);
      this.#done.add(id);
      this.#next();
    };
    loadPicture(id).then(then, then);
  }

  #nearest(): string | null {
    if (cache.getCacheSize() > cache.getMaxCacheSize() * SHARE) return null;
    for (let away = 0; away < this.#ids.length; away++) {
      for (const at of [this.#at + away, this.#at - away]) {
        const id = this.#ids[at];
        if (id !== undefined && !this.#done.has(id) && !this.#running.has(id)) return id;
      }
    }
    return null;
  }
}
