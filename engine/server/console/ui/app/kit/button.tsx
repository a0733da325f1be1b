// Buttons: plain, primary, quiet and dangerous; an icon alone needs a label.

import type { ReactNode } from "react";
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from "react-aria-components/Button";

import "./button.css";

export interface ButtonProps extends Omit<AriaButtonProps, "className" | "style" | "children"> {
  kind?: "plain" | "primary" | "quiet" | "danger";
  icon?: ReactNode;
  children?: ReactNode;
}

export function Button({ kind = "plain", icon, children, ...rest }: ButtonProps) {
  return (
    <AriaButton {...rest} className="button" data-kind={kind} data-icon-only={children === undefined || undefined}>
      {icon}
      {children}
    </AriaButton>
  );
}
