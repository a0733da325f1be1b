// A dialog around a form, which is left by its buttons alone.

import { type ReactNode, useId } from "react";

import { Button } from "./button.tsx";
import { Dialog, type DialogProps } from "./dialog.tsx";

export interface FormDialogProps extends Pick<DialogProps, "title" | "size" | "children"> {
  /** The word of the button that sends the form. */
  submit: string;
  onSubmit: () => void;
  onClose: () => void;
  /** Buttons before the others. */
  actions?: ReactNode;
}

export function FormDialog({ submit, onSubmit, onClose, actions, children, ...rest }: FormDialogProps) {
  const form = useId();
  return (
    <Dialog
      {...rest}
      isForm
      onClose={onClose}
      actions={
        <>
          {actions}
          <Button onPress={onClose}>Cancel</Button>
          <Button type="submit" form={form} kind="primary">
            {submit}
          </Button>
        </>
      }
    >
      <form
        id={form}
        className="change-form"
        onSubmit={(event) => {
          event.preventDefault();
          onSubmit();
        }}
      >
        {children}
      </form>
    </Dialog>
  );
}
