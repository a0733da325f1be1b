// The secret of a new webhook, which is shown this once.

import { Button } from "../../kit/button.tsx";
import { Dialog } from "../../kit/dialog.tsx";
import { TextField } from "../../kit/field.tsx";

export function Secret({ secret, onClose }: { secret: string; onClose: () => void }) {
  return (
    <Dialog
      title="The secret of the webhook"
      onClose={onClose}
      actions={
        <>
          <Button onPress={() => void navigator.clipboard.writeText(secret)}>Copy</Button>
          <Button kind="primary" onPress={onClose}>
            I have it
          </Button>
        </>
      }
    >
      <p>The receiver checks the header X-Fieldstone-Signature with this secret. It is shown only now.</p>
      <TextField label="Secret" isCode isReadOnly value={secret} />
    </Dialog>
  );
}
