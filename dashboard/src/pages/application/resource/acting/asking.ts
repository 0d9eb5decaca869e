/** Asks for something that `sync` does, and waits for what becomes of it. */
import { read } from "@/api/client";
import { ApiError } from "@/api/errors";
import type { Schema } from "@/api/types";

export type Handling = Schema<"Handling">;

/** How long somebody waits before they are told where to look instead, in milliseconds. */
const patience = 60_000;

interface Waiting {
  done: boolean;
  found: unknown;
}

/** What was found once the check is done. Raises `ApiError`, 504 where nobody did it in time. */
export async function outcomeOf<Found>(
  path: string,
  query: Record<string, string>,
  signal: AbortSignal,
): Promise<Found> {
  const end = Date.now() + patience;
  for (let pause = 300; Date.now() < end; pause = Math.min(2_000, pause * 1.5)) {
    const { done, found } = await read<Waiting>(path, query, signal);
    if (done) return found as Found;
    await waiting(pause, signal);
  }
  throw new ApiError(504, {
    title: "Not done yet",
    detail: "It was asked for, and nobody has done it within a minute. It is done as soon as the cluster answers.",
  });
}

function waiting(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new DOMException("ended", "AbortError"));
    });
  });
}

interface Permission {
  value: "yes" | "no";
}

/** Whether the caller may do this to an application (`PROJECT/NAME`, or `PROJECT/NAMESPACE/NAME`). */
export async function mayI(action: string, target: string, signal: AbortSignal): Promise<boolean> {
  const query = { resource: "applications", action, object: target };
  const { value } = await read<Permission>("/api/v1/account/can-i", query, signal);
  return value === "yes";
}
