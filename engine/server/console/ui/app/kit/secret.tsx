// A secret that is shown this once.

import { type ReactNode, useRef } from "react";

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
  const shown = useRef<HTMLElement>(null);
  return (
    <Dialog
      title={title}
      isForm
      onClose={onClose}
      actions={
        <>
          <CopyButton text={secret} of={shown} />
          <Button kind="primary" onPress={onClose}>
            Done
          </Button>
        </>
      }
    >
      {children}
      <code ref={shown} className="secret">
        {secret}
      </code>
    </Dialog>
  );
}
