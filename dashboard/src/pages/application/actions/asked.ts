/** What was asked for and has not begun yet. */
import type { Schema } from "@/api/types";

import type { Application } from "../queries";
import { isUnderWay } from "../status";

export interface Asked {
  /** The operation's id. */
  id: string;
  /** What was asked for, as on its button: "Sync". */
  what: string;
}

/** For so many milliseconds a request may wait in a queue before the page stops to speak of it. */
export const patience = 120_000;

/** Whether the application has not come to it yet. */
export function isPending(asked: Asked | undefined, application: Application): asked is Asked {
  if (asked === undefined) return false;
  const id = application.status.operationState?.id ?? "";
  return id < asked.id; // ids are made of their time, in the order of the alphabet
}

/** The operation once it is over; undefined until then. */
export function outcomeOf(id: string, application: Application): Schema<"OperationState"> | undefined {
  const operation = application.status.operationState;
  return operation?.id === id && !isUnderWay(application) ? operation : undefined;
}

/** "3 created, 1 configured": what became of the objects of an operation, or would. */
export function summed(results: readonly Schema<"SyncResult">[]): string {
  const counts = new Map<string, number>();
  for (const { message } of results) {
    const word = message.split(/[\s:,(]/)[0] ?? message;
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].map(([word, count]) => `${count} ${word}`).join(", ");
}
