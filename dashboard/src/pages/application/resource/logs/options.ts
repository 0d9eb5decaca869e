/** What of a log is asked for. All of it stands in the address, so that a log can be shown to somebody. */
export interface LogOptions {
  /** Empty for the pod's default one, `*` for all. */
  container: string;
  previous: boolean;
  /** Seconds before now, as text; empty for the last lines. */
  since: string;
  filter: string;
  /** One pod of a workload; empty for all. */
  pod: string;
  wrap: boolean;
  times: boolean;
}

/** Every name begins with this; closing an object takes them away. */
const prefix = "log.";

const usual: LogOptions = {
  container: "",
  previous: false,
  since: "",
  filter: "",
  pod: "",
  wrap: true,
  times: false,
};

export const sinces: readonly (readonly [seconds: string, label: string])[] = [
  ["", "The last 200 lines"],
  ["300", "5 minutes"],
  ["900", "15 minutes"],
  ["3600", "1 hour"],
  ["21600", "6 hours"],
  ["86400", "1 day"],
];

export function readOptions(search: URLSearchParams): LogOptions {
  const text = (name: string) => search.get(prefix + name) ?? "";
  const since = text("since");
  return {
    container: text("container"),
    previous: text("previous") === "true",
    since: sinces.some(([seconds]) => seconds === since) ? since : "",
    filter: text("filter"),
    pod: text("pod"),
    wrap: text("wrap") !== "false",
    times: text("times") === "true",
  };
}

/** The address with these options; what is as usual is left out. */
export function writeOptions(search: URLSearchParams, options: LogOptions): URLSearchParams {
  const after = new URLSearchParams(search);
  for (const [name, value] of Object.entries(options) as [keyof LogOptions, string | boolean][]) {
    if (value === usual[name]) after.delete(prefix + name);
    else after.set(prefix + name, String(value));
  }
  return after;
}

/** The query of the API. A time asked for comes with all of its lines, as many as the API gives. */
export function queryOf(options: LogOptions, cursor: string) {
  return {
    container: options.container,
    previous: options.previous,
    sinceSeconds: options.since,
    tailLines: options.since === "" ? undefined : 10_000,
    filter: options.filter,
    cursor,
  };
}
