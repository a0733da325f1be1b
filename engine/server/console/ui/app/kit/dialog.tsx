// Dialogs in the middle of the page, and panels at its right; what is behind cannot be reached meanwhile.

import { type ReactNode, useSyncExternalStore } from "react";
import { Dialog as AriaDialog } from "react-aria-components/Dialog";
import { Heading } from "react-aria-components/Heading";
import { Modal, ModalOverlay } from "react-aria-components/Modal";

import { lateRequests, onLate } from "../api/client.ts";
import { isBack, unsavedWrite, useUnsaved } from "./unsaved.ts";
import "./dialog.css";

/** The write that a dialog makes. */
export interface Write {
  isPending: boolean;
  error: Error | null;
}

export interface DialogProps {
  title: string;
  isOpen?: boolean;
  /** Absent where the dialog cannot be left without an answer. */
  onClose?: () => void;
  /** The dialog stays until this write is answered, or late: an error of it is told in the dialog. */
  write?: Write | undefined;
  /** `alertdialog` asks about something that cannot be undone. */
  role?: "dialog" | "alertdialog";
  /** A form is not left by a click beside it, which would lose what was typed. */
  isForm?: boolean;
  size?: "small" | "medium" | "large";
  children: ReactNode;
  /** The buttons at the bottom; one with the slot `close` leaves the dialog as Escape does. */
  actions?: ReactNode;
}

export function Dialog({
  title,
  isOpen = true,
  onClose,
  write,
  role = "dialog",
  isForm = false,
  size = "medium",
  children,
  actions,
}: DialogProps) {
  const unsaved = write ? unsavedWrite(write.isPending, write.error ? "told" : null) : null;
  useUnsaved(unsaved && { ...unsaved, isLeft: isBack });
  const isLate = useSyncExternalStore(onLate, lateRequests) > 0 && write?.isPending === true;
  return (
    <ModalOverlay
      className="dialog-overlay"
      isOpen={isOpen}
      isDismissable={onClose !== undefined && role === "dialog" && !isForm}
      isKeyboardDismissDisabled={onClose === undefined}
      onOpenChange={(open) => open || (write?.isPending && !isLate) || onClose?.()}
    >
      <Modal className="dialog-modal" data-size={size}>
        <AriaDialog className="dialog" role={role}>
          <Heading slot="title" className="dialog-title">
            {title}
          </Heading>
          <p role="status" hidden={!isLate}>
            {isLate && "The server has not answered for a while. The dialog can be left; the change may still be made."}
          </p>
          <div className="dialog-body">{children}</div>
          {actions && <div className="dialog-actions">{actions}</div>}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}
