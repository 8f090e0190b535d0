import assert from "node:assert/strict";
import { test } from "node:test";
import { credentialsFor } from "./credentials.ts";
import { goDuration } from "./images.ts";
import { registryOf, withDefaultTag } from "./names.ts";

test("image names", () => {
  const check = (image: string, want: string | undefined, registry = "docker.io") => {
    assert.equal(withDefaultTag(image), want);
    if (want) assert.equal(registryOf(image), registry);
  };
  check("nginx", "nginx:latest");
  check("nginx:1.7.9", "nginx:1.7.9");
  check("library/nginx", "library/nginx:latest");
  check("reg.example.com:5000/a/b", "reg.example.com:5000/a/b:latest", "reg.example.com:5000");
  check(`a@sha256:${"0".repeat(64)}`, `a@sha256:${"0".repeat(64)}`);
  check("localhost/x:1", "localhost/x:1", "localhost");
  for (const bad of ["", "BAD", "a b", "a:", "a//b", "-a"]) check(bad, undefined);
});

test("credentials fit by registry and path", () => {
  const secret = (auths: object) => ({ data: { ".dockerconfigjson": btoa(JSON.stringify({ auths })) } });
  const check = (image: string, auths: object, want: string[]) =>
    assert.deepEqual(
      credentialsFor(image, [secret(auths)]).map(({ username }) => username),
      want,
    );
  check("nginx", { "https://index.docker.io/v1/": { username: "u", password: "p" } }, ["u"]);
  check("reg.example.com/a/b:1", { "reg.example.com": { auth: btoa("u:p:q") } }, ["u"]);
  check("reg.example.com/a/b:1", { "reg.example.com/a": { username: "path" }, "*.example.com": { username: "star" } }, [
    "path",
    "star",
  ]);
  check("reg.example.com/ab/c", { "reg.example.com/a": { username: "no" } }, []);
  check("other.example.com/a", { "reg.example.com": { username: "no" } }, []);
  assert.equal(credentialsFor("r.io/a", [secret({ "r.io": { auth: btoa("u:p:q") } })])[0]!.password, "p:q");
});

test("durations as Go prints them", () => {
  assert.deepEqual([77, 2500, 60_250, 999.6].map(goDuration), ["77ms", "2.5s", "1m0.25s", "1s"]);
});
