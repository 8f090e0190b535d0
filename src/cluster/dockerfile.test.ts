import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDockerfile } from "./dockerfile.ts";
import { fullName } from "./image_build.ts";

test("a Dockerfile's instructions", () => {
  const recipe = parseDockerfile(`# a comment
FROM busybox
WORKDIR /app
ENV A=1 B="two words"
COPY page.html other.html \\
  ./
EXPOSE 80 53/udp
ENTRYPOINT ["/bin/httpd", "-f"]
CMD echo hello
`);
  assert.deepEqual(recipe, {
    from: "busybox",
    copies: [{ sources: ["page.html", "other.html"], target: "/app/./" }],
    config: {
      WorkingDir: "/app",
      Env: ["A=1", "B=two words"],
      ExposedPorts: { "80/tcp": {}, "53/udp": {} },
      Entrypoint: ["/bin/httpd", "-f"],
      Cmd: ["/bin/sh", "-c", "echo hello"],
    },
  });
});

for (const [text, message] of Object.entries({
  "FROM a\nRUN true": "Dockerfile line 2: not supported yet: RUN",
  "FROM a\nNONSENSE x": "Dockerfile line 2: unknown instruction: NONSENSE",
  "COPY a b": "Dockerfile line 1: no build stage in current context: wanted FROM first",
  "": "Dockerfile: it has no FROM",
})) {
  test(`refuses ${JSON.stringify(text)}`, () => assert.throws(() => parseDockerfile(text), { message }));
}

test("names of images in full", () => {
  const names = ["nginx", "nginx:1", "me/app", "ghcr.io/me/app", "localhost:5000/app:2"].map(fullName);
  assert.deepEqual(names, [
    "docker.io/library/nginx:latest",
    "docker.io/library/nginx:1",
    "docker.io/me/app:latest",
    "ghcr.io/me/app:latest",
    "localhost:5000/app:2",
  ]);
});
