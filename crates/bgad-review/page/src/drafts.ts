// Painted masks that the engine has not confirmed yet. They are in the browser's storage as soon as a stroke
// ends, so that they outlast the page.

export interface Draft {
  /** The image. */
  id: string;
  width: number;
  height: number;
  /** The revision of the stored decision that the mask was painted on. */
  revision: number;
  /** The mask, in the text of `runs.ts`. */
  mask: string;
  /** The mask that was last sent and may have arrived; null for none. */
  sent: string | null;
}

export class Drafts {
  /** Images that are being painted, whose drafts the easel itself sends. */
  readonly held = new Set<string>();
  private readonly drafts = new Map<string, Draft>();
  /** Those that the browser's storage refused. */
  private readonly unsafe = new Set<string>();
  private prefix = "";

  constructor(private readonly storage: Storage | null) {}

  /** Reads what is left for the decisions in the folder `store`. */
  open(store: string): void {
    const prefix = `bgad-review draft ${store} `;
    if (prefix === this.prefix) return;
    this.prefix = prefix;
    this.drafts.clear();
    this.unsafe.clear();
    for (const key of this.storage ? Object.keys(this.storage) : []) {
      const draft = key.startsWith(prefix) ? parsed(this.storage?.getItem(key) ?? null) : null;
      if (draft) this.drafts.set(draft.id, draft);
    }
  }

  get(id: string): Draft | undefined {
    return this.drafts.get(id);
  }

  /** Those that nobody sends; another window may have sent some since this one was opened. */
  left(): Draft[] {
    for (const id of [...this.drafts.keys()]) {
      const isKept = this.unsafe.has(id) || this.storage?.getItem(this.prefix + id);
      if (!isKept && !this.held.has(id)) this.drafts.delete(id);
    }
    return [...this.drafts.values()].filter((draft) => !this.held.has(draft.id));
  }

  /** Whether a mask would be lost with the page. */
  get isUnsafe(): boolean {
    return this.unsafe.size > 0;
  }

  /** Keeps a mask; `revision` counts only if none of this image waits. */
  keep(id: string, size: { width: number; height: number }, revision: number, mask: string): void {
    const waits = this.drafts.get(id);
    this.write({ id, ...size, revision: waits?.revision ?? revision, mask, sent: waits?.sent ?? null });
  }

  /** A mask is on its way. */
  sending(id: string, mask: string): void {
    const draft = this.drafts.get(id);
    if (draft) this.write({ ...draft, sent: mask });
  }

  /** The mask that was sent is stored, as this revision. Later strokes still wait. */
  stored(id: string, mask: string, revision: number): void {
    const draft = this.drafts.get(id);
    if (!draft) return;
    if (draft.mask === mask) this.drop(id);
    else this.write({ ...draft, revision, sent: null });
  }

  drop(id: string): void {
    this.drafts.delete(id);
    this.unsafe.delete(id);
    this.storage?.removeItem(this.prefix + id);
  }

  private write(draft: Draft): void {
    this.drafts.set(draft.id, draft);
    try {
      if (!this.storage) throw new Error("no storage");
      this.storage.setItem(this.prefix + draft.id, JSON.stringify(draft));
      this.unsafe.delete(draft.id);
    } catch {
      // Full, or switched off in this browser.
      this.unsafe.add(draft.id);
    }
  }
}

/** The browser's storage; null if it is switched off. */
export function browserStorage(): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

function parsed(text: string | null): Draft | null {
  try {
    const draft = JSON.parse(text ?? "") as Draft;
    const isWhole = [draft.width, draft.height, draft.revision].every(Number.isSafeInteger) && typeof draft.mask === "string";
    return isWhole ? draft : null;
  } catch {
    return null;
  }
}
