// The strip along the top of every page, which tells one workspace from another: its label and its colour.

import { useState } from "react";

import { describeFailure } from "../api/errors.ts";
import type { usePreferences } from "../api/preferences/use_preferences.ts";
import { COLORS, colorOf } from "../kit/chip.tsx";
import { TextField } from "../kit/field.tsx";
import { FormDialog } from "../kit/form_dialog.tsx";
import { Problem } from "../kit/problem.tsx";
import { Select } from "../kit/select.tsx";

export interface StripDialogProps extends Pick<ReturnType<typeof usePreferences>, "strip" | "keepStrip"> {
  onClose: () => void;
}

export function StripDialog({ strip, keepStrip, onClose }: StripDialogProps) {
  const [label, setLabel] = useState(strip?.label ?? "");
  const [color, setColor] = useState(colorOf(strip?.color));
  const kept = label.trim() === "" ? null : { label: label.trim(), color };
  return (
    <FormDialog
      title="Strip of the workspace"
      size="small"
      submit="Save"
      onSubmit={() => keepStrip.mutate(kept, { onSuccess: onClose })}
      onClose={onClose}
      write={keepStrip}
    >
      {keepStrip.error && <Problem {...describeFailure(keepStrip.error, "The strip was not kept.")} />}
      <TextField
        label="Label"
        value={label}
        maxLength={40}
        onChange={setLabel}
        description="Everyone in the workspace sees it along the top, Production for example. Without a label there is none."
      />
      <Select
        label="Colour"
        value={color}
        choices={COLORS.map((one) => ({ id: one, label: one.charAt(0).toUpperCase() + one.slice(1) }))}
        onChange={setColor}
      />
    </FormDialog>
  );
}
