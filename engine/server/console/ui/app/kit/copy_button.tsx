// A button that copies a text, and tells that it has.

import { Check, Copy } from "lucide-react";
import { useState } from "react";

import { Button, type ButtonProps } from "./button.tsx";

export interface CopyButtonProps extends Pick<ButtonProps, "kind"> {
  text: string;
  /** Its name where it shows the icon alone. */
  label?: string;
}

export function CopyButton({ text, label, ...rest }: CopyButtonProps) {
  const [isCopied, setCopied] = useState(false);
  const word = isCopied ? "Copied" : "Copy";
  return (
    <Button
      {...rest}
      icon={isCopied ? <Check aria-hidden /> : <Copy aria-hidden />}
      {...(label !== undefined && { "aria-label": isCopied ? word : label })}
      onPress={() => void navigator.clipboard.writeText(text).then(() => setCopied(true))}
    >
      {label === undefined ? word : undefined}
    </Button>
  );
}
