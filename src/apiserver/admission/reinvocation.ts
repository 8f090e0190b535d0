import type { KubeObject } from "../../api/machinery/object.ts";
import { sameJson } from "../../base/equal.ts";
import type { AdmissionRequest } from "../registry/scope.ts";

/**
 * Who changes an object may be asked a second time, after others changed it too (`reinvocationPolicy: IfNeeded`). One of
 * these for each plugin and request.
 */
export interface Reinvocation {
  /** Before the plugin's turn: was the object changed since its last one? */
  start(draft: KubeObject | undefined): void;
  /** Whether this one is to be asked now: always in the first round. */
  wants(key: string): boolean;
  /** Something changed the object: those before it may want to see it again. */
  changed(): void;
  /** This one may be asked again. */
  mayRepeat(key: string): void;
  /** After the plugin's turn. */
  end(draft: KubeObject | undefined): void;
}

interface State {
  last?: KubeObject;
  /** Asked before, and willing. */
  willing: Set<string>;
  /** To be asked in the second round. */
  wanted: Set<string>;
}

/** What the rounds of one request remember. */
export interface Rounds {
  second: boolean;
  again: boolean;
  states: Map<string, State>;
}

/** The plugin's part of what the rounds of a request remember. */
export function reinvocationOf(request: AdmissionRequest, plugin: string): Reinvocation {
  request.rounds ??= { second: false, again: false, states: new Map() };
  const { rounds } = request;
  const state: State = rounds.states.get(plugin) ?? { willing: new Set(), wanted: new Set() };
  rounds.states.set(plugin, state);
  const everybody = () => {
    for (const key of state.willing) state.wanted.add(key);
    state.willing.clear();
  };
  return {
    start(draft) {
      if (rounds.second && !sameJson(state.last, draft)) everybody();
    },
    wants: (key) => !rounds.second || state.wanted.has(key),
    changed() {
      everybody();
      rounds.again = true;
    },
    mayRepeat(key) {
      if (!rounds.second) state.willing.add(key);
    },
    end(draft) {
      state.last = structuredClone(draft);
    },
  };
}
