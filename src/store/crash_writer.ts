// A writer for the crash test: goes on writing pairs of keys, telling its parent what was sent and acknowledged, until killed.
import { openLmdbStore } from "./lmdb.ts";

const store = await openLmdbStore(process.argv[2]!);

async function write(lane: number): Promise<void> {
  const left = `/${lane}/left`;
  const found = (await store.get(left)).entry;
  for (let number = found ? Number(new TextDecoder().decode(found.value)) + 1 : 0; ; number++) {
    await new Promise<void>((resolve) => process.send!(["sent", left, number], undefined, undefined, () => resolve()));
    const value = new TextEncoder().encode(String(number));
    const result = await store.commit(
      [],
      [
        { put: left, value },
        { put: `/${lane}/right`, value },
      ],
    );
    process.send!(["ack", left, number, result.revision]);
  }
}

await Promise.all(Array.from({ length: 8 }, (_, lane) => write(lane)));
