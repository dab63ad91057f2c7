// What can be undone.

import type { MaskChange, Verdict } from "./engine";

/** A decision as it was before. */
export interface DecisionStep {
  what: "decision";
  id: string;
  name: string;
  verdict: Verdict | null;
  kind: string;
  /** How to get the mask of before. */
  mask: MaskChange;
}

/** The threshold as it was before; null for none. */
export interface ThresholdStep {
  what: "threshold";
  before: number | null;
  /** The digest of the model that it belongs to. */
  model: string;
  /** Whether the next key moves on from here, as a part of the same step. */
  open: boolean;
}

export type Step = DecisionStep | ThresholdStep;

const MOST = 200;

export class Steps {
  private steps: Step[] = [];

  get isEmpty(): boolean {
    return this.steps.length === 0;
  }

  add<S extends Step>(step: S): S {
    this.endMove();
    this.put(step);
    return step;
  }

  /** Adds a move of the threshold; the keys of one move are one step. */
  addMove(step: ThresholdStep): void {
    const last = this.steps.at(-1);
    if (step.open && last?.what === "threshold" && last.open && last.model === step.model) return;
    this.add(step);
  }

  endMove(): void {
    const last = this.steps.at(-1);
    if (last?.what === "threshold") last.open = false;
  }

  /** Puts a step back that could not be undone. */
  put(step: Step): void {
    this.steps.push(step);
    if (this.steps.length > MOST) this.steps.shift();
  }

  take(): Step | undefined {
    return this.steps.pop();
  }

  /** Removes a step whose change was not stored. */
  remove(step: Step): void {
    this.steps = this.steps.filter((each) => each !== step);
  }
}
