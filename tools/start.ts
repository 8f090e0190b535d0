// `npm start`: the cluster, the example application, and its answer.

import { setTimeout as sleep } from "node:timers/promises";
import { ownImages } from "./images.ts";
import { must, output, say, typernetes } from "./run.ts";

/** Where the example answers: its node port, on the machine itself. */
const address = "http://127.0.0.1:30080";

/** How long the example may take to answer, in milliseconds. */
const answerMs = 60_000;

async function answer(): Promise<string> {
  const deadline = Date.now() + answerMs;
  for (;;) {
    try {
      const response = await fetch(address, { signal: AbortSignal.timeout(2_000) });
      if (response.ok) return (await response.text()).trim();
    } catch {
      // Not yet.
    }
    if (Date.now() > deadline) throw new Error(`the example does not answer at ${address}`);
    await sleep(100);
  }
}

say("bringing the cluster up");
must(typernetes, "up", ...process.argv.slice(2));
say("images for the example");
output(typernetes, "images", "load", ownImages());
say("the example application (examples/hello.yaml)");
must(typernetes, "kubectl", "apply", "-f", "examples/hello.yaml");
must(typernetes, "kubectl", "rollout", "status", "deployment/hello", "--timeout=120s");
say(`it answers at ${address}:`);
console.log(`    ${await answer()}`);
console.log(`
Next:
  bin/typernetes kubectl get pods -o wide     or, with your own kubectl: kubectl get pods -o wide
  bin/typernetes kubectl describe deployment hello
  bin/typernetes status
  bin/typernetes down                         ends the cluster and leaves nothing behind`);
