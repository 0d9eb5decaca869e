import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/parts.css";

import { QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { ApiError } from "./api/errors";
import { unasked } from "./api/kept";
import { sessionQuery } from "./api/queries";
import { App } from "./app/App";
import { listenToKeys } from "./app/shortcuts";
import { applyTheme } from "./app/theme";
import { ToastProvider } from "./parts/Toasts";

applyTheme();
listenToKeys();

const queries: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error, query) => {
      // A session that has ended is noticed by whatever is asked next.
      if (error instanceof ApiError && error.status === 401 && query.queryKey[0] !== "session") {
        void queries.resetQueries({ queryKey: sessionQuery.queryKey });
      }
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      gcTime: unasked,
      retry: (count, error) => count < 2 && (!(error instanceof ApiError) || error.status === 0 || error.status >= 500),
    },
  },
});

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <ToastProvider>
        <App />
      </ToastProvider>
    </QueryClientProvider>
  </StrictMode>,
);
