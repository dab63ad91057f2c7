// The images on the wall: which are shown, in which order, and how many there are of each kind.

import type { Image, State, Verdict } from "./engine";

export type Filter =
  | "all"
  | "open"
  | "flagged"
  | "missed"
  | "alarm"
  | "good"
  | "defect"
  | "taught"
  | "damaged";
export type Order = "high" | "low" | "near" | "name";

/** The verdict on an image: a person's, or else that of the data set. */
export function truth(image: Image): Verdict | undefined {
  return image.decision?.verdict ?? image.known?.verdict;
}


export interface Counts {
  good: number;
  defect: number;
  missed: number;
  alarms: number;
}

export class Collection {
  images = new Map<string, Image>();
  state: State | null = null;
  filter: Filter = "all";
  group = "";
  order: Order = "high";
  /** The threshold while it is dragged; null means the one in use. */
  dragged: number | null = null;
  /** The list of the wall until something changes. */
  protected cached: Image[] | null = null;

  /** null if the model has none and nobody has set one. */
  get threshold(): number | null {
    return this.dragged ?? this.state?.threshold ?? null;
  }

  /** Whether the model calls an image a defect; undefined without a score or a threshold. */
  flagged(image: Image): boolean | undefined {
    const { threshold } = this;
    return image.score === undefined || threshold === null ? undefined : image.score > threshold;
  }

  missed(image: Image): boolean {
    return truth(image) === "defect" && this.flagged(image) === false;
  }

  alarm(image: Image): boolean {
    return truth(image) === "good" && this.flagged(image) === true;
  }

  passes(image: Image, filter: Filter): boolean {
    switch (filter) {
      case "all":
        return true;
      case "open":
        return truth(image) === undefined && image.error === undefined;
      case "flagged":
        return this.flagged(image) === true;
      case "missed":
        return this.missed(image);
      case "alarm":
        return this.alarm(image);
      case "good":
      case "defect":
        return truth(image) === filter;
      case "taught":
        return image.taught > 0;
      case "damaged":
        return image.error !== undefined;
    }
  }

  /** The images of the wall, in order. */
  list(): Image[] {
    if (this.cached) return this.cached;
    const chosen: Image[] = [];
    for (const image of this.images.values()) {
      if (this.group && image.group !== this.group) continue;
      if (this.passes(image, this.filter)) chosen.push(image);
    }
    const threshold = this.threshold;
    const name = (a: Image, b: Image) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.id < b.id ? -1 : 1);
    const last = Number.NEGATIVE_INFINITY;
    const key: Record<Exclude<Order, "name">, (image: Image) => number> = {
      high: (image) => image.score ?? last,
      low: (image) => (image.score === undefined ? last : -image.score),
      // Without a threshold, the highest scores come first.
      near: (image) => (image.score === undefined ? last : threshold === null ? image.score : -Math.abs(image.score - threshold)),
    };
    if (this.order === "name") chosen.sort(name);
    else {
      const of = key[this.order];
      chosen.sort((a, b) => of(b) - of(a) || name(a, b));
    }
    this.cached = chosen;
    return chosen;
  }

  counts(): Counts {
    const counts = { good: 0, defect: 0, missed: 0, alarms: 0 };
    for (const image of this.images.values()) {
      if (image.score === undefined) continue;
      const what = truth(image);
      if (what) counts[what] += 1;
      if (this.missed(image)) counts.missed += 1;
      if (this.alarm(image)) counts.alarms += 1;
    }
    return counts;
  }

  filterCounts(): Record<Filter, number> {
    const counts: Record<Filter, number> = {
      all: 0,
      open: 0,
      flagged: 0,
      missed: 0,
      alarm: 0,
      good: 0,
      defect: 0,
      taught: 0,
      damaged: 0,
    };
    const filters = Object.keys(counts) as Filter[];
    for (const image of this.images.values()) {
      if (this.group && image.group !== this.group) continue;
      for (const filter of filters) if (this.passes(image, filter)) counts[filter] += 1;
    }
    return counts;
  }

  groups(): string[] {
    const groups = new Set<string>();
    for (const image of this.images.values()) groups.add(image.group);
    return [...groups].sort();
  }

  kinds(): string[] {
    const kinds = new Set<string>();
    for (const image of this.images.values()) {
      if (image.decision?.kind) kinds.add(image.decision.kind);
      if (image.known?.kind) kinds.add(image.known.kind);
    }
    return [...kinds].sort();
  }

  /** The neighbour of an image on the wall. */
  neighbour(id: string | null, by: number): string | null {
    const list = this.list();
    const at = list.findIndex((image) => image.id === id);
    const next = list[Math.min(Math.max(at + by, 0), list.length - 1)];
    return next?.id ?? null;
  }

  /**
   * Images that a lesson can contain: decided and not taught yet. Without a threshold the model misses every
   * defect, and needs good images.
   */
  lesson(): { missed: Image[]; alarms: Image[]; found: Image[] } {
    const lesson = { missed: [] as Image[], alarms: [] as Image[], found: [] as Image[] };
    for (const image of this.images.values()) {
      if (!image.decision || image.score === undefined || image.taught > 0) continue;
      const flagged = this.flagged(image);
      if (image.decision.verdict === "defect") (flagged ? lesson.found : lesson.missed).push(image);
      else if (flagged !== false) lesson.alarms.push(image);
    }
    return lesson;
  }
}
