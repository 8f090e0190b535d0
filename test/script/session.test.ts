import assert from "node:assert/strict";
import { test } from "node:test";
import { matches, parseSession } from "./session.ts";

function check(name: string, expected: string, printed: string, wanted: boolean): void {
  test(name, () => assert.equal(matches(expected.split("\n"), printed), wanted));
}

check("the same text", "pod/web created", "pod/web created\n", true);
check("another text", "pod/web created", "pod/web configured\n", false);
check("a missing line", "a\nb", "a\n", false);
check("one line more", "a", "a\nb\n", false);
check("an age", "web   <age>", "web   12m\n", true);
check("no age", "web   <age>", "web   soon\n", false);
check(
  "columns that are wider with a token",
  "NAME   AGE\nweb-<suffix>   <age>",
  "NAME        AGE\nweb-ab12c   5s\n",
  true,
);
check("columns that are wider without one", "NAME   AGE", "NAME    AGE\n", false);
check("any lines", "a\n...\nz", "a\nb\nc\nz\n", true);
check("any lines, but not the last", "a\n...\nz", "a\nb\nc\n", false);
check("text that may be missing, there", "deleted<? from x namespace>", "deleted from x namespace\n", true);
check("text that may be missing, not there", "deleted<? from x namespace>", "deleted\n", true);
check("other angle brackets are themselves", "<none>", "<none>\n", true);

test("a session has commands, expectations and files", () => {
  const { steps, files } = parseSession(
    "# words\n$ until 5s kubectl get x\n! oops\n[1]\n\n$ set P echo\n-- d/a.yaml --\nkind: A\n",
  );
  assert.deepEqual(steps, [
    { line: 2, command: "kubectl get x", untilMs: 5000, stdout: [], stderr: ["oops"], code: 1 },
    { line: 6, command: "echo", variable: "P", stdout: [], stderr: [], code: 0 },
  ]);
  assert.deepEqual([...files], [["d/a.yaml", "kind: A\n"]]);
});

test("text before the first command is no session", () => {
  assert.throws(() => parseSession("hello\n"), /line 1: wanted a command/);
});
