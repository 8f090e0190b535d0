// The API server, alone, answers as a real one did: every recorded case.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type ApiServer, createApiServer } from "../../src/apiserver/mod.ts";
import { createSigningKey } from "../../src/cluster/certificates.ts";
import { machine } from "../../src/host/mod.ts";
import { openMemoryStore } from "../../src/store/mod.ts";
import { readAreas } from "./cases.ts";
import { replay } from "./replay.ts";

/** Cases that this server answers otherwise, and why. */
const otherwise: Record<string, string> = {
  "requests/head of an object": "the host leaves the body of an answer to HEAD out, and here is no host",
};

/** No question leaves this machine: the recorder's resolver, by its address there, knew none of these names either. */
const nobodyKnows = async (name: string): Promise<string[]> => {
  throw new Error(`lookup ${name} on 10.255.255.53:53: no such host`);
};

let server: ApiServer;

before(async () => {
  server = await createApiServer({
    store: await openMemoryStore(),
    ...machine,
    net: { ...machine.net, lookup: nobodyKnows },
    tokenFile: 'oracle,admin,admin,"system:masters"',
    serviceAccountKey: await createSigningKey(),
  });
  await server.publish("192.0.2.2", 26443);
});
after(() => server[Symbol.asyncDispose]());

let count = 0;

for (const { area, cases } of readAreas()) {
  describe(area, () => {
    for (const definition of cases) {
      const why = otherwise[`${area}/${definition.name}`];
      test(definition.name, async () => {
        const admin = { handler: server.handler, token: "oracle", host: "127.0.0.1:26443" };
        const id = `z${(count++).toString(36).padStart(7, "0")}`;
        const failures = await replay(admin, definition, id);
        if (why === undefined) assert.deepEqual(failures, []);
        else assert.notDeepEqual(failures, [], `answers as recorded by now: ${why}`);
      });
    }
  });
}
