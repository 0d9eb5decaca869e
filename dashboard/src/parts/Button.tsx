import type { ButtonHTMLAttributes, ReactNode } from "react";
import { Link } from "wouter";

import { Icon, type IconName } from "./Icon";

export type ButtonLook = "plain" | "strong" | "danger" | "quiet";

interface Shown {
  look?: ButtonLook;
  icon?: IconName;
}

interface ButtonProps extends Shown, ButtonHTMLAttributes<HTMLButtonElement> {
  children: ReactNode;
  /** It was pressed and the answer is not there yet: it says so and can't be pressed again, but keeps the focus. */
  busy?: boolean;
}

export function Button({ look = "plain", icon, busy = false, children, onClick, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      className="button"
      data-look={look}
      aria-disabled={busy || rest["aria-disabled"]}
      aria-busy={busy}
      onClick={(event) => {
        if (busy)
          event.preventDefault(); // nor is its form sent
        else onClick?.(event);
      }}
    >
      {icon !== undefined && <Icon name={icon} />}
      {children}
    </button>
  );
}

interface IconButtonProps extends Shown, Omit<ButtonHTMLAttributes<HTMLButtonElement>, "aria-label"> {
  icon: IconName;
  /** What it does, for whoever can't see it, and as its tooltip. */
  label: string;
}

export function IconButton({ look = "quiet", icon, label, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      title={label}
      {...rest}
      aria-label={label}
      className="button"
      data-look={look}
      data-icon-only=""
    >
      <Icon name={icon} />
    </button>
  );
}

/** Goes to an address of this dashboard and looks like a button. */
export function LinkButton({ look = "plain", icon, href, children }: Shown & { href: string; children: ReactNode }) {
  return (
    <Link href={href} className="button" data-look={look}>
      {icon !== undefined && <Icon name={icon} />}
      {children}
    </Link>
  );
}
