import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Suspense, useEffect } from "react";
import { matchRoute, Redirect, Route, Switch, useLocation, useRouter, useSearch } from "wouter";

import { ApiError } from "@/api/errors";
import { sessionQuery } from "@/api/queries";
import { mayBeSignedIn } from "@/api/signedin";
import { LiveProvider } from "@/live/live";
import { EmptyState, ErrorState, LinkButton, Skeleton } from "@/parts";

import { to } from "./addresses";
import { Boundary } from "./Boundary";
import { Chords } from "./Chords";
import { type Page, type PageParams, pages } from "./pages";
import { Shell } from "./Shell";
import { useTitle } from "./title";

/** Pages that are there before anybody is known. */
const outside = ["/sign-in", "/auth/callback"];

export function App() {
  return (
    <Switch>
      {pages
        .filter((page) => outside.includes(page.path))
        .map((page) => (
          <Route key={page.path} path={page.path}>
            {(params) => <Shown page={page} params={params} />}
          </Route>
        ))}
      <Route>
        <Inside />
      </Route>
    </Switch>
  );
}

function Inside() {
  const [path] = useLocation();
  const { parser } = useRouter();
  const queries = useQueryClient();
  const search = useSearch();
  const session = useQuery(sessionQuery);
  // Who asks is found out while the page, and what it shows first, are on their way.
  useEffect(() => {
    const wanted = path === "/" ? to.applications() : path;
    const page = pages.find((each) => matchRoute(parser, each.path, wanted)[0]);
    page?.load().catch(() => undefined); // whoever draws it says so
    if (mayBeSignedIn()) page?.begin?.(queries).catch(() => undefined);
  }, [parser, path, queries]);
  if (session.error instanceof ApiError && session.error.status === 401) {
    return <Redirect to={to.signIn(search === "" ? path : `${path}?${search}`)} replace />;
  }
  if (session.isError) return <ErrorState error={session.error} onRetry={() => void session.refetch()} />;
  if (session.isPending) return null;
  return (
    <LiveProvider>
      <Chords />
      <Shell>
        <Switch>
          <Route path="/">
            <Redirect to={to.applications()} replace />
          </Route>
          {pages
            .filter((page) => !outside.includes(page.path))
            .map((page) => (
              <Route key={page.path} path={page.path}>
                {(params) => <Shown page={page} params={params} />}
              </Route>
            ))}
          <Route>
            <Nowhere />
          </Route>
        </Switch>
      </Shell>
    </LiveProvider>
  );
}

function Shown({ page, params }: { page: Page; params: PageParams }) {
  useTitle(page.title);
  return (
    <Boundary key={page.path}>
      <Suspense fallback={<PageBones />}>
        <page.Component params={params} />
      </Suspense>
    </Boundary>
  );
}

function PageBones() {
  return (
    <div className="page-head" role="status" aria-label="Loading">
      <Skeleton width="9rem" height="1.5rem" />
    </div>
  );
}

function Nowhere() {
  useTitle("Not found");
  return (
    <EmptyState
      title="There is no page at this address"
      icon="question"
      actions={<LinkButton href={to.applications()}>All applications</LinkButton>}
    >
      <p>It may have been mistyped, or belong to another version of Mooring.</p>
    </EmptyState>
  );
}
