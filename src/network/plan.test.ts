import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeNetwork, setUpCommands, tearDownCommands, type Uplink } from "./plan.ts";

const facts = {
  cluster: "c",
  index: 65,
  podCidr: "10.244.0.0/24",
  clusterCidr: "10.244.0.0/16",
  serviceCidr: "10.96.0.0/16",
  mtu: 1500,
};

/** The commands as lines; `@` marks those inside the node's namespace. */
function lines(uplink: Uplink): string[] {
  return setUpCommands(nodeNetwork({ ...facts, uplink })).map(
    ({ inside, program, args }) => `${inside ? "@" : ""}${program} ${args.join(" ")}`,
  );
}

test("every node has four addresses of its own", () => {
  const { machineAddress, nodeAddress, machineDevice } = nodeNetwork({ ...facts, uplink: "none" });
  assert.deepEqual([machineAddress, nodeAddress, machineDevice], ["10.253.1.5", "10.253.1.6", "tn65"]);
});

test("without an uplink the machine's own settings stay, and nothing leads outside", () => {
  const all = lines("none");
  assert.ok(all.includes("@ip route replace unreachable default metric 4294967295"));
  assert.ok(!all.some((line) => /^(sysctl|nft)/.test(line)), "no rules or settings on the machine itself");
  assert.ok(!all.some((line) => /route replace default via/.test(line)));
});

test("with an uplink pods go out under the machine's address", () => {
  const all = lines("machine");
  assert.ok(all.includes("@ip route replace default via 10.253.1.5 dev uplink0"));
  const rules = setUpCommands(nodeNetwork({ ...facts, uplink: "machine" })).find(
    ({ program, inside }) => program === "nft" && !inside,
  )!;
  assert.match(rules.stdin!, /oifname != "tn65" ip saddr \{ 10\.244\.0\.0\/16, 10\.253\.1\.4\/30 \} masquerade/);
  assert.match(
    rules.stdin!,
    /oifname != "tn65" ip daddr \{ 10\.244\.0\.0\/16, 10\.96\.0\.0\/16, 10\.253\.1\.4\/30 \} reject/,
  );
});

test("taking down removes the rules, the link and the namespace", () => {
  const all = tearDownCommands(nodeNetwork({ ...facts, uplink: "machine" })).map(
    ({ program, args }) => `${program} ${args.join(" ")}`,
  );
  assert.deepEqual(all, ["nft delete table ip typernetes-c", "ip link del tn65", "ip netns del typernetes-c"]);
});
