import { Component, type ReactNode } from "react";

import { ErrorState } from "@/parts";

interface Props {
  children: ReactNode;
}

interface State {
  error: unknown;
}

/** A page that breaks, breaks alone. A part of it that can't be loaded (a new version is out) is got by loading anew. */
export class Boundary extends Component<Props, State> {
  override state: State = { error: undefined };

  static getDerivedStateFromError(error: unknown): State {
    return { error };
  }

  override render() {
    if (this.state.error === undefined) return this.props.children;
    return <ErrorState error={this.state.error} onRetry={() => location.reload()} />;
  }
}
