// How many seats each priority level has: from its shares, and from what others don't need (KEP-1040, "Dispatching" and
// "Borrowing").

/** A PriorityLevelConfiguration as far as requests are let in by it. */
export interface PriorityLevel {
  metadata: { name: string; uid: string };
  spec: {
    type: string;
    exempt?: Shares;
    limited?: Shares & {
      borrowingLimitPercent?: number | null;
      limitResponse?: { type: string; queuing?: Partial<Queuing> };
    };
  };
}

interface Shares {
  nominalConcurrencyShares?: number | null;
  lendablePercent?: number | null;
}

export interface Queuing {
  queues: number;
  handSize: number;
  queueLengthLimit: number;
}

/** A level's part of the server's seats, all in seats. */
export interface Limits {
  name: string;
  exempt: boolean;
  nominal: number;
  /** What stays its own whatever others need. */
  min: number;
  /** What it may grow to; Infinity without a borrowing limit. */
  max: number;
}

/** What a level wanted in the last period, in seats. */
export interface Demand {
  /** The most at once. */
  high: number;
  /** Weighed over the periods before. */
  smooth: number;
}

/** Divides the server's seats by shares. Pure. */
export function limitsOf(levels: readonly PriorityLevel[], serverSeats: number): Limits[] {
  const sharesOf = ({ spec }: PriorityLevel) => (spec.type === "Exempt" ? spec.exempt : spec.limited) ?? {};
  const standard = ({ spec }: PriorityLevel) => (spec.type === "Exempt" ? 0 : 30);
  const shares = levels.map((level) => sharesOf(level).nominalConcurrencyShares ?? standard(level));
  const total = shares.reduce((sum, each) => sum + each, 0) || 1;
  return levels.map((level, index) => {
    const nominal = Math.ceil((serverSeats * shares[index]!) / total);
    const lendable = Math.round((nominal * (sharesOf(level).lendablePercent ?? 0)) / 100);
    const percent = level.spec.limited?.borrowingLimitPercent;
    const borrowable = percent === undefined || percent === null ? Infinity : Math.round((nominal * percent) / 100);
    const exempt = level.spec.type === "Exempt";
    return { name: level.metadata.name, exempt, nominal, min: nominal - lendable, max: nominal + borrowable };
  });
}

/** How strongly the past counts against the last period (KEP-1040, "Current CL adjustment"). */
const smoothing = 0.977;

/** The demand after another period with this average and standard deviation. Growth counts at once, decline slowly. */
export function smoothDemand(before: number, average: number, deviation: number): number {
  const envelope = average + deviation;
  return Math.max(envelope, smoothing * before + (1 - smoothing) * envelope);
}

/**
 * Lends what some don't need to others that do: each level gets its wish times one common factor, kept within its bounds,
 * so that the sum is the server's. Gives seats by level; the exempt level's are what it took. Pure.
 */
export function borrow(
  limits: readonly Limits[],
  demands: ReadonlyMap<string, Demand>,
  serverSeats: number,
): Map<string, number> {
  const out = new Map<string, number>();
  let left = serverSeats;
  const wishes: { name: string; low: number; high: number; target: number }[] = [];
  for (const { name, exempt, nominal, min, max } of limits) {
    const demand = demands.get(name) ?? { high: 0, smooth: 0 };
    const low = Math.max(min, Math.min(nominal, demand.high));
    if (exempt) {
      const taken = Math.max(min, demand.high);
      out.set(name, taken);
      left -= taken;
    } else wishes.push({ name, low, high: max, target: Math.min(max, Math.max(low, demand.smooth, 1)) });
  }
  const lows = wishes.reduce((sum, { low }) => sum + low, 0);
  // The floors alone may be more than there is, as nominal limits are rounded up: nobody falls below its floor.
  const factor = lows >= left ? 0 : commonFactor(wishes, left);
  for (const { name, low, high, target } of wishes)
    out.set(name, Math.max(1, Math.round(Math.min(high, Math.max(low, factor * target)))));
  return out;
}

/** The factor with which the wishes, each kept within its bounds, come to `sum`: found by halving. */
function commonFactor(wishes: readonly { low: number; high: number; target: number }[], sum: number): number {
  const total = (factor: number) =>
    wishes.reduce((all, { low, high, target }) => all + Math.min(high, Math.max(low, factor * target)), 0);
  let [under, over] = [0, sum];
  if (total(over) <= sum) return over;
  for (let step = 0; step < 60; step++) {
    const middle = (under + over) / 2;
    if (total(middle) < sum) under = middle;
    else over = middle;
  }
  return under;
}
