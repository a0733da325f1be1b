// A secret that is shown this once.

import type { ReactNode } from "react";

import { Button } from "./button.tsx";
import { CopyButton } from "./copy_button.tsx";
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
  return (
    <Dialog
      title={title}
      isForm
      onClose={onClose}
      actions={
        <>
          <CopyButton text={secret} />
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
