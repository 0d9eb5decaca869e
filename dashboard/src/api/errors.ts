/** What the API refuses, as RFC 9457 has it (`application/problem+json`), and what to do about it. */

interface Problem {
  title?: string;
  detail?: string;
  field?: string | null;
}

export class ApiError extends Error {
  readonly status: number;
  /** A few words. */
  readonly title: string;
  /** A sentence. */
  readonly detail: string;
  /** Which field of the request is wrong, if one is. */
  readonly field: string | undefined;

  constructor(status: number, problem: Problem) {
    const title = (status === 412 ? titles[status] : problem.title) ?? titles[status] ?? `The API answered ${status}`;
    super(problem.detail ?? title);
    this.name = "ApiError";
    this.status = status;
    this.title = title;
    this.detail = problem.detail ?? "";
    this.field = problem.field ?? undefined;
  }

  /** What is wrong in a sentence, with the field that it is about. */
  get sentence(): string {
    const said = this.detail === "" ? this.title : this.detail;
    const whole = this.field === undefined ? said : `${this.field} ${said}`;
    return /[.!?]$/.test(whole) ? whole : `${whole}.`;
  }

  /** What was to be made is there already. */
  get taken(): boolean {
    return this.status === 412 && this.field === "If-None-Match";
  }

  /** What the reader can do now. */
  get nextStep(): string {
    if (this.status === 0) return "Check the connection; this page goes on by itself once there is one.";
    if (this.status === 401) return "Sign in again.";
    if (this.status === 403)
      return "Ask whoever keeps the policy of this installation (argocd-rbac-cm) for the permission.";
    if (this.status === 404) return "Go back to the list: it may have been deleted, or renamed.";
    if (this.taken) return "Choose another name, or replace what is there.";
    if (this.status === 409 || this.status === 412)
      return "Somebody changed it meanwhile: look at it again, then repeat.";
    if (this.status === 429) return "Wait a minute, then try again.";
    if (this.status >= 500) return "Try again; the function's log says more if it stays.";
    return "Change what is named, then try again.";
  }
}

const titles: Readonly<Record<number, string>> = {
  0: "No answer",
  401: "Not signed in",
  403: "Not permitted",
  404: "Not found",
  412: "Somebody was faster",
  429: "Too many requests",
  502: "The API failed",
  503: "The API is busy",
};

/** The error that an answer tells, whatever its body is like. */
export async function readError(answer: Response): Promise<ApiError> {
  const text = await answer.text().catch(() => "");
  return new ApiError(answer.status, readProblem(text));
}

export function readProblem(text: string): Problem {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return {};
  }
  if (typeof value !== "object" || value === null) return {};
  const told = value as Record<string, unknown>;
  const problem: Problem = {};
  if (typeof told["title"] === "string") problem.title = told["title"];
  if (typeof told["detail"] === "string") problem.detail = told["detail"];
  else if (typeof told["message"] === "string") problem.detail = told["message"];
  if (typeof told["field"] === "string") problem.field = told["field"];
  return problem;
}
