import { useQuery } from "@tanstack/react-query";

import { sessionQuery } from "@/api/queries";

/** `may("clusters", "create")`: whether there may be something that the caller may do it to. The API decides. */
export function useRights(): (resource: string, action: string) => boolean {
  const can = useQuery(sessionQuery).data?.can;
  return (resource, action) => can?.[resource]?.includes(action) === true;
}
