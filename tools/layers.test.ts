import assert from "node:assert/strict";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { layers, machineRooms, openRooms } from "./layers.ts";
import { importsOf, type Source, sources } from "./sources.ts";

/** The room of a file below `src`, or undefined for `src/main.ts`. */
function roomOf(path: string): string | undefined {
  const parts = path.split("/");
  return parts[0] === "src" && parts.length > 2 ? parts[1] : undefined;
}

function problemsOf({ path, text }: Source): string[] {
  const room = roomOf(path);
  if (
    room === undefined ||
    path.endsWith(".test.ts") ||
    path.endsWith("/contract.ts") ||
    path.endsWith("/crash_writer.ts")
  )
    return [];
  const allowed = layers[room];
  if (!allowed) return [`${path}: the room ${room} is not in tools/layers.ts; give it a line there`];
  return importsOf(text).flatMap((target) => {
    if (target.startsWith("node:")) {
      return machineRooms.has(room)
        ? []
        : [
            `${path} imports ${target}: take what it needs as an argument (src/base/world.ts); only host/ touches the machine`,
          ];
    }
    if (!target.startsWith(".")) return [];
    const file = normalize(join(dirname(path), target));
    const other = roomOf(file);
    if (other === undefined) return [`${path} imports ${file}: rooms import rooms only`];
    if (other === room) return [];
    if (!allowed.includes(other))
      return [`${path} imports ${file}: ${room} may import ${allowed.join(", ") || "nothing"} (tools/layers.ts)`];
    if (openRooms.has(other) || file === `src/${other}/mod.ts`) return [];
    return [`${path} imports ${file}: come in through the door, src/${other}/mod.ts`];
  });
}

test("rooms import by the table only", () => {
  const problems = sources("src").flatMap(problemsOf);
  assert.deepEqual(problems, []);
});

test("the table has no room that does not exist, and no circle", () => {
  const seen = new Set<string>();
  const visit = (room: string, path: string[]): void => {
    assert.ok(!path.includes(room), `circle: ${[...path, room].join(" → ")}`);
    if (seen.has(room)) return;
    for (const next of layers[room]!) visit(next, [...path, room]);
    seen.add(room);
  };
  for (const room of Object.keys(layers)) visit(room, []);
});
