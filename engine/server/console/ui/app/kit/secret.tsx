// A secret that is shown this once, and is left by its button alone.

import { type ReactNode, useRef } from "react";

import { Button } from "./button.tsx";
import { CopyButton } from "./copy_button.tsx";
import { Dialog } from "./dialog.tsx";
import { isBack, useUnsaved } from "./unsaved.ts";
import "./secret.css";

export interface SecretProps {
  title: string;
  secret: string;
  onClose: () => void;
  /** Its use, and where it is kept. */
  children: ReactNode;
}

const UNKEPT = {
  title: "Leave a secret that is shown only now?",
  text: "Nothing shows it again: copy it first, unless you have kept it.",
  verb: "Leave",
};

export function Secret({ title, secret, onClose, children }: SecretProps) {
  const shown = useRef<HTMLElement>(null);
  useUnsaved({ ...UNKEPT, isLeft: isBack });
  return (
    <Dialog
      title={title}
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
