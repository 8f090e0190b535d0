// Reads the recorded answers of a real API server, which lie beside the repository where somebody has them.

import fs from "node:fs";
import path from "node:path";

export interface Step {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: any;
  raw?: string;
  during?: Step[];
}

export interface Answer {
  status: number;
  headers?: { warning?: string[] };
  body?: any;
}

export interface Exchange {
  area: string;
  name: string;
  step: Step;
  answer: Answer;
}

const folder = path.resolve(import.meta.dirname, "../../../shared/oracle/corpus");

export const corpusIsHere = fs.existsSync(folder);

const flat = (steps: Step[]): Step[] => steps.flatMap((step) => [step, ...flat(step.during ?? [])]);

/** What the recorder puts in for its placeholders; fixed here. */
const fill = (text: string): string =>
  text
    .replaceAll("{ns}", "ns")
    .replaceAll("{id}", "zid")
    .replace(/\{uid:(\d+)\}/g, (_, number) => `00000000-0000-4000-8000-${number.padStart(12, "0")}`)
    .replaceAll("{time}", "2026-01-01T00:00:00Z")
    .replaceAll("{microtime}", "2026-01-01T00:00:00.000000Z")
    .replaceAll("{clusterIP}", "10.96.0.99")
    .replaceAll('"{nodePort}"', "30999")
    .replaceAll("{random}", "rndm5")
    .replace(/\{fill:(\d+)\}/g, (_, count) => "x".repeat(Number(count)));

/** Every step with its answer, of all areas or of some. */
export function* exchanges(...areas: string[]): Iterable<Exchange> {
  for (const file of fs.readdirSync(folder)) {
    const { area, cases } = JSON.parse(fill(fs.readFileSync(path.join(folder, file), "utf8")));
    if (areas.length > 0 && !areas.includes(area)) continue;
    for (const { name, steps, answers } of cases) {
      for (const [index, step] of flat(steps).entries()) {
        if (answers[index]) yield { area, name, step, answer: answers[index] };
      }
    }
  }
}
