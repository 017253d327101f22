// Something that changes data: sent once, its outcome kept as a value.

import { useSignal } from "@preact/signals";
import type { Failure } from "../lib/failure";
import { type Call, settled } from "./client";
import { lost } from "./connection";
import { type Draft, stepUp } from "./step-up";

export type ActState<T> =
  | { kind: "idle" }
  | { kind: "running"; since: Date }
  | { kind: "done"; data: T; requestId: string | null }
  | { kind: "failed"; failure: Failure }
  /** The answer was lost. The same request may be sent again where the act tells so. */
  | { kind: "unknown"; failure: Failure };

export interface Act<T> {
  /** What is sent, as a shell can send it, too. */
  call: Call<T>;
  state: ActState<T>;
  /** Does nothing while it runs or the connection is lost. */
  run(): Promise<void>;
  reset(): void;
}

export interface ActOptions<T> {
  /** The dialog, which comes back as it was after a new sign-in. Without it the need of one is an error like others. */
  dialog?: { name: string; draft: Draft } | undefined;
  /** After success, and after an unknown outcome: read what it changed again. */
  settledThen?: (() => void) | undefined;
  done?: (data: T) => void;
}

export function useAct<T>(call: () => Call<T>, { dialog, settledThen, done }: ActOptions<T> = {}): Act<T> {
  const state = useSignal<ActState<T>>({ kind: "idle" });
  const run = async () => {
    if (state.value.kind === "running" || lost.value !== null) return;
    state.value = { kind: "running", since: new Date() };
    const result = await settled(call());
    if (result.ok) {
      state.value = { kind: "done", data: result.data, requestId: result.requestId };
      done?.(result.data);
      settledThen?.();
    } else if (result.failure.kind === "step_up" && dialog) {
      state.value = { kind: "idle" };
      stepUp(dialog.name, dialog.draft);
    } else if (result.failure.kind === "unknown_outcome") {
      state.value = { kind: "unknown", failure: result.failure };
      settledThen?.();
    } else {
      state.value = { kind: "failed", failure: result.failure };
    }
  };
  const reset = () => {
    state.value = { kind: "idle" };
  };
  return { call: call(), state: state.value, run, reset };
}
