/**
 * Reads of one number that only grows, shared by all who ask at the same time: whoever asks while a read is under way gets
 * the next one's answer, since that one may be older than the question.
 */
export function latestOf(read: () => Promise<number>): () => Promise<number> {
  let running: Promise<number> | undefined;
  let next: Promise<number> | undefined;

  function start(): Promise<number> {
    next = undefined;
    const own = read().finally(() => {
      if (running === own) running = undefined;
    });
    running = own;
    return own;
  }

  return () => {
    if (!running) return start();
    next ??= running.then(start, start);
    return next;
  };
}
