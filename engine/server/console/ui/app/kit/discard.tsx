// Asks before something is left that was filled in.

import { Button } from "./button.tsx";

export function Discard({ onDiscard, onKeep }: { onDiscard: () => void; onKeep: () => void }) {
  return (
    <>
      <strong role="alert">Discard the form as you filled it in?</strong>
      <Button autoFocus onPress={onKeep}>
        Keep
      </Button>
      <Button kind="danger" onPress={onDiscard}>
        Discard
      </Button>
    </>
  );
}
