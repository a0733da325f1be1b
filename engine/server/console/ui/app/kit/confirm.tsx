// Asks before something ends that cannot be brought back.

import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { describeFailure } from "../api/errors.ts";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { Problem } from "./problem.tsx";

export interface ConfirmProps {
  title: string;
  verb: string;
  /** Does it. The dialog stays until then, and waits for no read of the list that shows it. */
  act: () => Promise<unknown>;
  onClose: () => void;
  children: ReactNode;
}

export function Confirm({ title, verb, act, onClose, children }: ConfirmProps) {
  const acting = useMutation({ mutationFn: act });
  return (
    <Dialog
      title={title}
      role="alertdialog"
      size="small"
      onClose={onClose}
      write={acting}
      actions={
        <>
          <Button slot="close">Cancel</Button>
          <Button
            kind="danger"
            // The answer closes this dialog, and none that was opened after it.
            onPress={() => acting.isPending || acting.mutate(undefined, { onSuccess: onClose })}
          >
            {verb}
          </Button>
        </>
      }
    >
      {acting.error && <Problem {...describeFailure(acting.error, "That did not work.")} />}
      {children}
    </Dialog>
  );
}
