/** Where a commit can be looked at. Hosts that are not known by name are told by the address of the merged request. */

/** `repository` as the API has it, without a scheme: "github.com/acme/shop". */
export function commitUrl(repository: string, sha: string, mergedAt = ""): string | undefined {
  if (!/^[\w.-]+(:\d+)?\/[\w./~-]+$/.test(repository) || !/^[0-9a-f]{7,64}$/.test(sha)) return undefined;
  const host = repository.split("/", 1)[0] ?? "";
  const place = placeOf(host, mergedAt);
  return place === undefined ? undefined : `https://${repository}${place}${sha}`;
}

function placeOf(host: string, mergedAt: string): string | undefined {
  if (host.startsWith("gitlab.") || mergedAt.includes("/-/merge_requests/")) return "/-/commit/";
  if (host === "bitbucket.org" || mergedAt.includes("/pull-requests/")) return "/commits/";
  if (host === "github.com" || host.startsWith("github.") || mergedAt.includes("/pull/")) return "/commit/";
  if (host === "codeberg.org" || /^(gitea|forgejo)\./.test(host) || mergedAt.includes("/pulls/")) return "/commit/";
  return undefined;
}

/** An address that a page may lead to: HTTP(S) alone, whatever somebody's code host said. */
export function outside(url: string): string | undefined {
  return /^https?:\/\//.test(url) ? url : undefined;
}
