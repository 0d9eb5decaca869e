import { ApiError } from "@/api/errors";
import { Icon } from "@/parts";

/** What the API refuses, where it was asked: the field, why, and what to do now. */
export function Problem({ error }: { error: Error | null }) {
  if (error === null) return null;
  const told = error instanceof ApiError ? error : undefined;
  return (
    <div className="act-problem" role="alert">
      <Icon name="warning" />
      <div>
        <p>
          {told?.field !== undefined && (
            <>
              <code>{told.field}</code>{" "}
            </>
          )}
          {told === undefined ? error.message : told.detail || told.title}
        </p>
        {told !== undefined && <p className="soft">{told.nextStep}</p>}
      </div>
    </div>
  );
}
