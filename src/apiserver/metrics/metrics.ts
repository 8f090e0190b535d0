// Counters, gauges and histograms in Prometheus' text format. Our own rather than prom-client's: an observation is a map
// look-up and an addition, where prom-client checks and sorts the labels of each (measured: see DESIGN.md).

/** One time series family. */
export interface Family {
  name: string;
  help: string;
  type: "counter" | "gauge" | "histogram";
  labels: readonly string[];
  lines(): Iterable<string>;
}

export interface Counter extends Family {
  /** Adds one, or `by`, to the series with these label values, in the order of the labels. */
  add(values: readonly string[], by?: number): void;
  /** One series, for those who come often. */
  of(values: readonly string[]): { add(by: number): void };
}

export interface Gauge extends Family {
  set(values: readonly string[], value: number): void;
  add(values: readonly string[], by: number): void;
  of(values: readonly string[]): { add(by: number): void };
  clear(): void;
}

export interface Histogram extends Family {
  observe(values: readonly string[], value: number): void;
  of(values: readonly string[]): { observe(value: number): void };
}

/** Series of one family at most: labels are what clients send, and memory is not theirs to fill. */
const seriesMax = 20_000;

const separator = "\u0000";

interface Series<Value> {
  text: string;
  value: Value;
}

function seriesOf<Value>(labels: readonly string[], make: () => Value) {
  const all = new Map<string, Series<Value>>();
  return {
    all,
    of(values: readonly string[]): Series<Value> | undefined {
      const key = values.length === 1 ? values[0]! : values.join(separator);
      const known = all.get(key);
      if (known) return known;
      if (all.size >= seriesMax) return undefined;
      const text = labels.map((label, index) => `${label}="${escapeLabel(values[index] ?? "")}"`).join(",");
      const made = { text, value: make() };
      all.set(key, made);
      return made;
    },
  };
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

const braces = (text: string) => (text === "" ? "" : `{${text}}`);

/** A number that only grows. */
export function counter(name: string, help: string, labels: readonly string[] = []): Counter {
  return numbers("counter", name, help, labels);
}

/** A number that goes up and down. */
export function gauge(name: string, help: string, labels: readonly string[] = []): Gauge {
  return numbers("gauge", name, help, labels);
}

function numbers<Type extends "counter" | "gauge">(
  type: Type,
  name: string,
  help: string,
  labels: readonly string[],
): Gauge & { type: Type } {
  const series = seriesOf(labels, () => ({ number: 0 }));
  return {
    name,
    help,
    type,
    labels,
    add(values, by = 1) {
      const found = series.of(values);
      if (found) found.value.number += by;
    },
    of(values) {
      // Not before something is counted: nobody wants to read of what never happened.
      let found: { number: number } | undefined;
      return {
        add(by) {
          found ??= series.of(values)?.value;
          if (found) found.number += by;
        },
      };
    },
    set(values, number) {
      const found = series.of(values);
      if (found) found.value.number = number;
    },
    clear: () => series.all.clear(),
    *lines() {
      for (const { text, value } of series.all.values()) yield `${name}${braces(text)} ${value.number}`;
    },
  };
}

/** How often values fell below each bound. `buckets` are ascending; `+Inf` is added. */
export function histogram(
  name: string,
  help: string,
  labels: readonly string[],
  buckets: readonly number[],
): Histogram {
  const series = seriesOf(labels, () => ({ counts: new Float64Array(buckets.length + 1), sum: 0 }));
  const put = (found: { counts: Float64Array; sum: number } | undefined, observed: number): void => {
    if (!found) return;
    let at = 0;
    while (at < buckets.length && observed > buckets[at]!) at++;
    found.counts[at]!++;
    found.sum += observed;
  };
  return {
    name,
    help,
    type: "histogram",
    labels,
    observe(values, observed) {
      put(series.of(values)?.value, observed);
    },
    of(values) {
      let found: { counts: Float64Array; sum: number } | undefined;
      return {
        observe(observed) {
          found ??= series.of(values)?.value;
          put(found, observed);
        },
      };
    },
    *lines() {
      for (const { text, value } of series.all.values()) {
        const comma = text === "" ? "" : ",";
        let count = 0;
        for (const [index, bucket] of value.counts.entries()) {
          count += bucket;
          const bound = index < buckets.length ? buckets[index] : "+Inf";
          yield `${name}_bucket{${text}${comma}le="${bound}"} ${count}`;
        }
        yield `${name}_sum${braces(text)} ${value.sum}`;
        yield `${name}_count${braces(text)} ${count}`;
      }
    },
  };
}

/** All families as `text/plain; version=0.0.4`. Those that have nothing yet are left out. */
export function exposition(families: Iterable<Family>): string {
  const out: string[] = [];
  for (const { name, help, type, lines } of families) {
    const all = [...lines()];
    if (all.length === 0) continue;
    out.push(
      `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`,
      `# TYPE ${name} ${type}`,
      ...all,
    );
  }
  return out.map((line) => `${line}\n`).join("");
}
