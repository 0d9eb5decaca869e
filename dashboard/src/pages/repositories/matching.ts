/** Whether a registration, which may be the beginning of many addresses, is about a repository. */
export function belongsTo(url: string, registered: string): boolean {
  const one = plain(url);
  const start = plain(registered);
  return one === start || one.startsWith(start.endsWith("/") ? start : `${start}/`);
}

/** Host and path alone: deliveries, applications and registrations spell the same repository differently. */
function plain(url: string): string {
  return url
    .trim()
    .toLowerCase()
    .replace(/^[a-z+]+:\/\//, "")
    .replace(/^[^/@]*@/, "")
    .replace(/^([^/:]+):(?!\d+\/)/, "$1/")
    .replace(/\/+$/, "")
    .replace(/\.git$/, "");
}
