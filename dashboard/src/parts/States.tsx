/** What a page shows when it has nothing, nothing yet, or no luck; always with what to do next. */
import type { ReactNode } from "react";
import { useLocation } from "wouter";

import { ApiError } from "@/api/errors";

import { Button, LinkButton } from "./Button";
import { Icon, type IconName } from "./Icon";

interface EmptyStateProps {
  title: string;
  icon?: IconName;
  children?: ReactNode;
  /** Buttons, links, commands to copy. */
  actions?: ReactNode;
}

export function EmptyState({ title, icon = "anchor", children, actions }: EmptyStateProps) {
  return (
    <div className="notice">
      <Icon name={icon} size={28} />
      <h2>{title}</h2>
      {children}
      {actions !== undefined && <div className="notice-actions">{actions}</div>}
    </div>
  );
}

/** An error of the API with its field and its next step; anything else in its own words. */
export function ErrorState({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const told = error instanceof ApiError ? error : undefined;
  const [path] = useLocation();
  const list = told?.status === 404 ? listAbove(path) : undefined;
  return (
    <div className="notice" data-tone="bad" role="alert">
      <Icon name="warning" size={28} />
      <h2>{told?.title ?? "This page could not be shown"}</h2>
      <p>
        {told?.field !== undefined && <code>{told.field}</code>} {told?.detail ?? String(error)}
      </p>
      {told !== undefined && <p>{told.nextStep}</p>}
      {onRetry !== undefined && (
        <div className="notice-actions">
          {list !== undefined && (
            <LinkButton icon="back" look="strong" href={list}>
              Back to the list
            </LinkButton>
          )}
          <Button icon="refresh" onClick={onRetry}>
            Try again
          </Button>
        </div>
      )}
    </div>
  );
}

/** The list that the page of one thing belongs to: "/clusters" of "/clusters/lab". */
function listAbove(path: string): string | undefined {
  const [, first = "", ...rest] = path.split("/");
  return rest.some(Boolean) ? `/${first}` : undefined;
}

/** A place that will hold something, as large as that will be. Lengths are CSS lengths. */
export function Skeleton({ width = "100%", height = "1rem" }: { width?: string; height?: string }) {
  return <span className="bone" style={{ width, height }} aria-hidden="true" />;
}
