// The page's only interface to the program that computes. The server is one such engine; a model that runs
// in the browser could be another.

export type Verdict = "good" | "defect";

export interface Decision {
  verdict: Verdict;
  kind: string;
  mask: boolean;
}

/** An image on the wall. */
export interface Image {
  id: string;
  name: string;
  group: string;
  stamp: string;
  known?: { verdict: Verdict; kind: string };
  score?: number;
  error?: string;
  decision?: Decision;
  revision: number;
  taught: number;
}

export interface Region {
  left: number;
  top: number;
  width: number;
  height: number;
  peak: number;
}

export interface Detail {
  width: number;
  height: number;
  p_value: number;
  has_map: boolean;
  regions: Region[];
  path: string;
}

export interface Change<T> {
  before: T;
  after: T;
}

export interface Learned {
  run: string;
  model: string;
  /** null for a model without a threshold, which decides nothing. */
  threshold: Change<number | null>;
  promised_rate: Change<number | null>;
  taught: { image: string; kind: "missed" | "false_alarm"; score: Change<number>; abnormal: Change<boolean | null> }[];
  /** Lessons of an earlier version have no scores here. */
  flipped: { image: string; label: "normal" | "abnormal"; score: Change<number> | null; abnormal: Change<boolean | null> }[];
  images: number;
  seconds: number;
}

export interface Lesson {
  from: string;
  images: string[];
  unix_seconds: number;
  learned: Learned;
  taught_ids: (string | null)[];
  flipped_ids: (string | null)[];
}

export interface State {
  model: {
    digest: string;
    name: string;
    method: string;
    dataset: string;
    /** null if the model was trained on too few good images to choose one. */
    threshold: number | null;
    calibrated: boolean;
    promised_rate: number | null;
    normal_scores: number[];
    known_defects: number;
    has_maps: boolean;
    /** Whether its maps show what is too much, or only where an image scores highest. */
    has_map_threshold: boolean;
  };
  /** The model's file. */
  file: string;
  generation: number;
  /** The threshold in use; null for none. */
  threshold: number | null;
  models: { path: string; name: string; current: boolean }[];
  folders: string[];
  store: string;
  waiting: number;
  obstacle: string | null;
  learning: { progress: number; doing: string; seconds: number; stopping: boolean } | null;
  failure: string | null;
  lessons: Lesson[];
  limits: { upload_bytes: number; may_open: boolean };
}

export interface Changes {
  instance: string;
  version: number;
  complete: boolean;
  images: Image[];
  state: State;
}

export interface Listing {
  path: string;
  parent: string | null;
  images: number;
  places: { name: string; path: string; kind: "run" | "model" | "folder" }[];
}

/** A change to the stored mask: keep it, remove it, or replace it with a PNG, which may be in base64 already. */
export type MaskChange = "keep" | "remove" | Blob | { png: string };

/** The most bytes of a request that browsers still send when the page closes. */
const OUTLASTS = 60_000;

/** Why something was not done; `stale` if another window was faster. */
export class Refusal extends Error {
  constructor(
    message: string,
    readonly stale = false,
  ) {
    super(message);
  }
}

export interface Engine {
  /** Changes since a version; waits until there are any. */
  changes(instance: string, since: number, signal: AbortSignal): Promise<Changes>;
  detail(id: string): Promise<Detail>;
  /** URLs of pictures. */
  thumbnail(image: Image): string;
  /** Of an image that a lesson's model decides differently, also if it is not on the wall. */
  flippedThumbnail(lesson: number, index: number): string;
  heat(image: Image, state: State): string;
  picture(image: Image): string;
  map(image: Image, state: State): string;
  /** The painted mask. */
  mask(id: string): Promise<Blob>;
  /** Stores a decision; null removes it. */
  decide(id: string, verdict: Verdict | null, kind: string, mask: MaskChange, revision: number): Promise<Image>;
  upload(file: File): Promise<Image>;
  /** Stores a threshold; null is the model's own. Returns the version from which changes know it. */
  setThreshold(threshold: number | null, seen: number | null): Promise<number>;
  choose(model: string): Promise<void>;
  open(path: string): Promise<void>;
  watch(path: string): Promise<void>;
  browse(path: string): Promise<Listing>;
  learn(missed: string[], falseAlarms: string[]): Promise<void>;
  stopLearning(): Promise<void>;
  /** URLs of downloads. */
  exports(): { model: string; scores: string; report: string };
}

/** The engine of the server that sent this page. */
export class ServerEngine implements Engine {
  async changes(instance: string, since: number, signal: AbortSignal): Promise<Changes> {
    return this.json(`/api/changes/${instance || "none"}/${since}`, { signal });
  }

  async detail(id: string): Promise<Detail> {
    return this.json(`/api/images/${id}`);
  }

  thumbnail(image: Image): string {
    return `/api/images/${image.id}/thumbnail?${image.stamp}`;
  }

  flippedThumbnail(lesson: number, index: number): string {
    return `/api/lessons/${lesson}/flipped/${index}/thumbnail`;
  }

  heat(image: Image, state: State): string {
    return `/api/images/${image.id}/heat?${state.model.digest}-${image.stamp}`;
  }

  picture(image: Image): string {
    return `/api/images/${image.id}/picture?${image.stamp}`;
  }

  map(image: Image, state: State): string {
    return `/api/images/${image.id}/map?${state.model.digest}-${image.stamp}`;
  }

  async mask(id: string): Promise<Blob> {
    return (await ask(`/api/images/${id}/mask`)).blob();
  }

  async decide(
    id: string,
    verdict: Verdict | null,
    kind: string,
    mask: MaskChange,
    revision: number,
  ): Promise<Image> {
    const sent = mask instanceof Blob ? { png: await base64(mask) } : mask;
    return this.send("PUT", `/api/images/${id}/decision`, { verdict, kind, mask: sent, revision });
  }

  async upload(file: File): Promise<Image> {
    const name = encodeURIComponent(file.name);
    return this.json(`/api/uploads/${name}`, { method: "POST", body: file });
  }

  async setThreshold(threshold: number | null, seen: number | null): Promise<number> {
    const stored = await this.send<{ version: number }>("PUT", "/api/threshold", { threshold, seen });
    return stored.version;
  }

  async choose(path: string): Promise<void> {
    await this.send("POST", "/api/model", { path });
  }

  async open(path: string): Promise<void> {
    await this.send("POST", "/api/open", { path });
  }

  async watch(path: string): Promise<void> {
    await this.send("POST", "/api/watch", { path });
  }

  async browse(path: string): Promise<Listing> {
    return this.send("POST", "/api/browse", { path });
  }

  async learn(missed: string[], falseAlarms: string[]): Promise<void> {
    await this.send("POST", "/api/lesson", { missed, false_alarms: falseAlarms });
  }

  async stopLearning(): Promise<void> {
    await this.send("DELETE", "/api/lesson", {});
  }

  exports(): { model: string; scores: string; report: string } {
    return {
      model: "/api/export/model",
      scores: "/api/export/scores.csv",
      report: "/api/export/report",
    };
  }

  private async send<T>(method: string, address: string, body: unknown): Promise<T> {
    const text = JSON.stringify(body);
    return this.json(address, { method, body: text, keepalive: method === "PUT" && text.length < OUTLASTS });
  }

  private async json<T>(address: string, request: RequestInit = {}): Promise<T> {
    return (await ask(address, request)).json();
  }
}

/** An answer of the server, or why there is none. */
export async function ask(address: string, request: RequestInit = {}): Promise<Response> {
  const answer = await fetch(address, request).catch(() => {
    throw new Refusal("bgad review does not answer; is it still running?");
  });
  if (answer.ok) return answer;
  let text = `${answer.status} ${answer.statusText}`;
  try {
    text = ((await answer.json()) as { error: string }).error;
  } catch {
    // Not this server's own answer, so only the status is known.
  }
  throw new Refusal(text, answer.status === 409);
}

function base64(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).split(",", 2)[1] ?? "");
    reader.onerror = () => reject(new Error("the mask can't be read"));
    reader.readAsDataURL(blob);
  });
}
