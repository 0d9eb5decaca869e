/** The object as YAML: as it is, and as git wants it. Managed fields are never here; who set what has a pane of its own. */
import { useMemo, useRef, useState } from "react";

import { Flow, type FlowHandle } from "@/code/Flow";
import { Line } from "@/code/Line";
import { type Range, textLines } from "@/code/tokens";
import { linesOf } from "@/code/yaml";
import { Button, EmptyState, errorToast, IconButton, SearchField, useToast } from "@/parts";
import { useScrollArea } from "@/parts/scrolling";

import { save } from "./files";
import { endsOf, matchesOf, visible } from "./folding";
import type { PaneProps } from "./panes";

type Which = "live" | "git";

export default function ManifestPane({ object, resource }: PaneProps) {
  const wanted = resource.desired ?? resource.source ?? null;
  const both = resource.live !== null && wanted !== null;
  const [chosen, setChosen] = useState<Which>(resource.live === null ? "git" : "live");
  const which = both ? chosen : resource.live === null ? "git" : "live";
  const shown = which === "live" ? resource.live : wanted;
  const lines = useMemo(() => linesOf(shown), [shown]);
  if (lines.length === 0) {
    return <EmptyState title="There is no manifest" icon="question" />;
  }
  return (
    <Manifest key={which} lines={lines} file={`${object.kind.toLowerCase()}-${object.name}-${which}.yaml`}>
      {both && (
        <span className="segments" role="group" aria-label="Which manifest">
          <button type="button" aria-pressed={which === "live"} onClick={() => setChosen("live")}>
            Live
          </button>
          <button type="button" aria-pressed={which === "git"} onClick={() => setChosen("git")}>
            {resource.desired === null ? `Git (${String(resource.source?.["kind"])})` : "Git"}
          </button>
        </span>
      )}
      {!both && <span className="tag">{which === "live" ? "Live" : "As git wants it"}</span>}
    </Manifest>
  );
}

interface ManifestProps {
  lines: readonly string[];
  file: string;
  children: React.ReactNode;
}

const noRanges: readonly Range[] = [];

function Manifest({ lines, file, children }: ManifestProps) {
  const area = useScrollArea();
  const say = useToast();
  const flow = useRef<FlowHandle>(null);
  const [sought, setSought] = useState("");
  const [at, setAt] = useState(0);
  const [closed, setClosed] = useState<ReadonlySet<number>>(new Set());
  const ends = useMemo(() => endsOf(lines), [lines]);
  const isText = useMemo(() => textLines(lines), [lines]);
  const matches = useMemo(() => matchesOf(lines, sought), [lines, sought]);
  const shown = useMemo(() => visible(ends, closed), [ends, closed]);
  const current = matches.length === 0 ? undefined : matches[at % matches.length];
  const text = `${lines.join("\n")}\n`;

  const reveal = (index: number) => {
    const match = matches[index];
    if (match === undefined) return;
    setAt(index);
    const hiding = [...closed].filter((each) => each < match.line && (ends[each] ?? 0) > match.line);
    const left = new Set([...closed].filter((each) => !hiding.includes(each)));
    if (hiding.length > 0) setClosed(left);
    flow.current?.reveal(visible(ends, left).indexOf(match.line), "center");
  };
  const toggle = (line: number) => {
    const after = new Set(closed);
    if (!after.delete(line)) after.add(line);
    setClosed(after);
  };
  const copy = () =>
    void navigator.clipboard.writeText(text).then(
      () => say({ tone: "good", text: "The manifest is copied" }),
      (error: unknown) => say(errorToast(error)),
    );

  return (
    <div className="manifest">
      <div className="code-bar">
        {children}
        <SearchField
          small
          label="Search the manifest"
          value={sought}
          onChange={(value) => {
            setSought(value);
            setAt(0);
            const first = matchesOf(lines, value)[0];
            if (first !== undefined) flow.current?.reveal(shown.indexOf(first.line), "center");
          }}
          onLeave={() => reveal(matches.length === 0 ? 0 : (at + 1) % matches.length)}
        />
        {sought !== "" && (
          <span className="code-steps">
            <IconButton
              icon="up"
              label="Previous match"
              onClick={() => reveal((at - 1 + matches.length) % Math.max(1, matches.length))}
            />
            <IconButton
              icon="down"
              label="Next match (Enter)"
              onClick={() => reveal((at + 1) % Math.max(1, matches.length))}
            />
            <span role="status" className="soft">
              {matches.length === 0 ? "nowhere" : `${(at % matches.length) + 1} of ${matches.length}`}
            </span>
          </span>
        )}
        <span className="code-bar-end">
          <Button look="quiet" icon="copy" onClick={copy}>
            Copy
          </Button>
          <IconButton icon="download" label="Download" onClick={() => save(file, text)} />
        </span>
      </div>
      <div className="diff-frame">
        <Flow
          ref={flow}
          area={area}
          count={shown.length}
          estimate={() => 24}
          itemKey={(index) => shown[index] ?? index}
          item={(index) => {
            const line = shown[index] ?? 0;
            const end = ends[line] ?? line + 1;
            const isClosed = closed.has(line);
            return (
              <div className="yaml-row code" data-found={current?.line === line ? "" : undefined}>
                <span className="code-no" aria-hidden="true">
                  {line + 1}
                </span>
                {end > line + 2 ? (
                  <button
                    type="button"
                    className="yaml-fold"
                    aria-expanded={!isClosed}
                    aria-label={`Lines below ${lines[line]?.trim() ?? ""}`}
                    onClick={() => toggle(line)}
                  />
                ) : (
                  <span />
                )}
                <span className="code-cell">
                  <Line
                    text={lines[line] ?? ""}
                    isText={isText[line]}
                    marks={rangesOf(matches, line)}
                    marking="found"
                  />
                  {isClosed && <span className="soft"> … {end - line - 1} lines</span>}
                </span>
              </div>
            );
          }}
        />
      </div>
    </div>
  );
}

function rangesOf(matches: ReturnType<typeof matchesOf>, line: number): readonly Range[] {
  if (matches.length === 0) return noRanges;
  const found = matches.filter((match) => match.line === line);
  return found.length === 0 ? noRanges : found.map(({ from, to }) => [from, to]);
}
