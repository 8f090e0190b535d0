/** The least element first, by `compare`. */
export interface Heap<T> {
  push(item: T): void;
  pop(): T | undefined;
  readonly size: number;
}

/** An empty binary heap. */
export function heap<T>(compare: (a: T, b: T) => number): Heap<T> {
  /** Invariant: no item is less than the one at half its place. */
  const items: T[] = [];
  const swap = (a: number, b: number): void => {
    [items[a], items[b]] = [items[b]!, items[a]!];
  };
  return {
    push(item) {
      items.push(item);
      for (let at = items.length - 1; at > 0; ) {
        const parent = (at - 1) >> 1;
        if (compare(items[at]!, items[parent]!) >= 0) return;
        swap(at, parent);
        at = parent;
      }
    },
    pop() {
      const first = items[0];
      const last = items.pop();
      if (items.length === 0 || last === undefined) return first;
      items[0] = last;
      for (let at = 0; ; ) {
        let least = at;
        for (const child of [2 * at + 1, 2 * at + 2])
          if (child < items.length && compare(items[child]!, items[least]!) < 0) least = child;
        if (least === at) return first;
        swap(at, least);
        at = least;
      }
    },
    get size() {
      return items.length;
    },
  };
}
