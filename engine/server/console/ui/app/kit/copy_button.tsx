// A button that copies a text, and tells that it has.

import { Check, Copy } from "lucide-react";
import { type RefObject, useState } from "react";

import { Button, type ButtonProps } from "./button.tsx";

export interface CopyButtonProps extends Pick<ButtonProps, "kind"> {
  text: string;
  /** Shows the text, which is selected where a page may not copy: on plain http browsers have no clipboard for it. */
  of: RefObject<HTMLElement | null>;
  /** Its name where it shows the icon alone. */
  label?: string;
}

export function CopyButton({ text, of, label, ...rest }: CopyButtonProps) {
  const [state, setState] = useState<"new" | "copied" | "selected">("new");
  const word = { new: "Copy", copied: "Copied", selected: "Press Ctrl+C" }[state];

  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      setState("copied");
    } catch {
      if (of.current) window.getSelection()?.selectAllChildren(of.current);
      setState("selected");
    }
  }

  return (
    <Button
      {...rest}
      icon={state === "copied" ? <Check aria-hidden /> : <Copy aria-hidden />}
      {...(label !== undefined && { "aria-label": state === "new" ? label : word })}
      onPress={() => void copy()}
    >
      {label === undefined || state === "selected" ? word : undefined}
    </Button>
  );
}
