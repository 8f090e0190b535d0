/** Lets at most `places` run at once; the others wait in order. */
export function semaphore(places: number): <Result>(run: () => Promise<Result>) => Promise<Result> {
  let free = places;
  const waiting: (() => void)[] = [];
  return async (run) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await run();
    } finally {
      const next = waiting.shift();
      // The place goes over to the next in line.
      if (next) next();
      else free++;
    }
  };
}
