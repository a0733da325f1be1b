// A secret that is shown this once.

import { Check, Copy } from "lucide-react";
import { type ReactNode, useState } from "react";

import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import "./secret.css";

export interface SecretProps {
  title: string;
  secret: string;
  onClose: () => void;
  /** Its use, and where it is kept. */
  children: ReactNode;
}

export function Secret({ title, secret, onClose, children }: SecretProps) {
  const [isCopied, setCopied] = useState(false);
  return (
    <Dialog
      title={title}
      isForm
      onClose={onClose}
      actions={
        <>
          <Button
            icon={isCopied ? <Check aria-hidden /> : <Copy aria-hidden />}
            onPress={() => void navigator.clipboard.writeText(secret).then(() => setCopied(true))}
          >
            {isCopied ? "Copied" : "Copy"}
          </Button>
          <Button kind="primary" onPress={onClose}>
            Done
          </Button>
        </>
      }
    >
      {children}
      <code className="secret">{secret}</code>
    </Dialog>
  );
}
