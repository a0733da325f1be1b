// Asks before something ends that cannot be brought back.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { areaOf } from "../../api/keys.ts";
import { useScope } from "../../api/session_context.ts";
import { Button } from "../../kit/button.tsx";
import { Dialog } from "../../kit/dialog.tsx";
import { Problem } from "../../kit/problem.tsx";

export interface ConfirmProps {
  title: string;
  verb: string;
  act: () => Promise<void>;
  onClose: () => void;
  children: ReactNode;
}

export function Confirm({ title, verb, act, onClose, children }: ConfirmProps) {
  const client = useQueryClient();
  const scope = useScope();
  const acting = useMutation({
    mutationFn: act,
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: areaOf(scope, "access") });
      onClose();
    },
  });
  return (
    <Dialog
      title={title}
      role="alertdialog"
      size="small"
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button kind="danger" onPress={() => acting.isPending || acting.mutate()}>
            {verb}
          </Button>
        </>
      }
    >
      {acting.error && <Problem title="That did not work." text={acting.error.message} />}
      {children}
    </Dialog>
  );
}
