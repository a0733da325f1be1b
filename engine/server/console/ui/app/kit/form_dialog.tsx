// A dialog around a form, which is left by its buttons alone, and asks before it loses anything that was typed.

import { type ReactNode, useEffect, useId, useRef, useState } from "react";

import { Button } from "./button.tsx";
import { Dialog, type DialogProps } from "./dialog.tsx";
import { Discard } from "./discard.tsx";
import { isBack, useUnsaved } from "./unsaved.ts";
import "./form.css";

export interface FormDialogProps extends Pick<DialogProps, "title" | "size" | "write" | "children"> {
  /** The word of the button that sends the form. */
  submit: string;
  onSubmit: () => void;
  onClose: () => void;
  /** Whether closing would lose anything; absent, each input counts as such. */
  isDirty?: boolean;
  /** The refusals of fields: new ones give the focus to the first field that has one. */
  problems?: unknown;
  /** Buttons before the others. */
  actions?: ReactNode;
}

const UNSENT = {
  title: "Leave the form as you filled it in?",
  text: "Nothing that you typed in it was sent.",
  verb: "Discard it",
};

export function FormDialog(props: FormDialogProps) {
  const { submit, onSubmit, onClose, write, isDirty, problems, actions, children, ...rest } = props;
  const id = useId();
  const form = useRef<HTMLFormElement>(null);
  const [isTouched, setTouched] = useState(false);
  const [isLeaving, setLeaving] = useState(false);
  const isLosing = isDirty ?? isTouched;
  // biome-ignore lint/correctness/useExhaustiveDependencies: new problems move the focus
  useEffect(() => form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus(), [problems]);
  useUnsaved(isLosing && !write?.isPending ? { ...UNSENT, isLeft: isBack } : null);
  const leave = () => (isLosing ? setLeaving(true) : onClose());
  return (
    <Dialog
      {...rest}
      isForm
      write={write}
      onClose={leave}
      actions={
        isLeaving ? (
          <Discard onDiscard={onClose} onKeep={() => setLeaving(false)} />
        ) : (
          <>
            {actions}
            <Button slot="close">Cancel</Button>
            <Button type="submit" form={id} kind="primary">
              {submit}
            </Button>
          </>
        )
      }
    >
      <form
        id={id}
        className="form"
        ref={form}
        onChange={() => setTouched(true)}
        onSubmit={(event) => {
          event.preventDefault();
          setLeaving(false);
          if (!write?.isPending) onSubmit();
        }}
        onKeyDown={(event) => {
          // An editor within the form saves its value by the same key first.
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.defaultPrevented) {
            event.currentTarget.requestSubmit();
          }
        }}
      >
        {children}
      </form>
    </Dialog>
  );
}
