// The sentence about the last gesture, with the button that takes it back.

import type { Edits } from "../../grid/use_edits.ts";
import { Button } from "../../kit/button.tsx";

export function EditsNotice({ edits: { notice, step } }: { edits: Edits }) {
  return (
    notice && (
      <>
        {notice.text}
        {notice.canUndo && <Button onPress={() => void step(true)}>Undo</Button>}
      </>
    )
  );
}
