import { StatusError } from "../src/api/machinery/status.ts";
import type { Random } from "../src/base/world.ts";
import type { Client } from "../src/client/mod.ts";

/** How much goes wrong. Everything is a chance from 0 to 1. */
export interface Faults {
  /** Of each batch of watch events: the watch breaks off before it. */
  watchDrop?: number;
  /** Of each write: it fails, and half of the time after it was done. */
  writeFail?: number;
  /** Of each second: a component dies and starts again. */
  crash?: number;
  /** Of each pod: its container fails a few times first. */
  containerFail?: number;
}

/** What a component's client goes through. Set `calm` to end all faults. */
export interface Weather {
  calm: boolean;
  faults: Faults;
  random: Random;
}

/** What ties a component to the cluster. A process that is dead says nothing more, whatever it still has in hand. */
export interface Cord {
  cut: boolean;
}

const silence = new Promise<never>(() => {});

/** A client over a bad connection. */
export function faultyClient(client: Client, weather: Weather, cord: Cord): Client {
  const strikes = (chance = 0): boolean => !weather.calm && weather.random.next() < chance;
  const lost = () =>
    new StatusError({ code: 503, reason: "ServiceUnavailable", message: "the connection was lost (simulated)" });
  const write = async <T>(run: () => Promise<T>): Promise<T> => {
    if (cord.cut) return silence;
    if (!strikes(weather.faults.writeFail)) return run();
    // The worse half: the write is done and nobody hears of it.
    if (weather.random.next() < 0.5) await run();
    throw lost();
  };
  return {
    ...client,
    get: (...args) => (cord.cut ? silence : client.get(...args)) as any,
    list: (...args) => (cord.cut ? silence : client.list(...args)) as any,
    async *watch(resource, options) {
      for await (const batch of client.watch<any>(resource, options)) {
        if (cord.cut) await silence;
        if (strikes(weather.faults.watchDrop)) throw lost();
        yield batch;
      }
    },
    create: (...args) => write(() => client.create(...args)) as any,
    update: (...args) => write(() => client.update(...args)) as any,
    patch: (...args) => write(() => client.patch(...args)) as any,
    delete: (...args) => write(() => client.delete(...args)),
  };
}
