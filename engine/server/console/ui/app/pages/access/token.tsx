// The token of a key, shown this once.

import { Check as CheckIcon, Copy } from "lucide-react";
import { useState } from "react";

import type { CreatedKey } from "../../api/access.ts";
import { Button } from "../../kit/button.tsx";
import { Dialog } from "../../kit/dialog.tsx";

export function Token({ made, onClose }: { made: CreatedKey; onClose: () => void }) {
  const [isCopied, setCopied] = useState(false);
  return (
    <Dialog
      title={`The key ${made.name}`}
      isForm
      onClose={onClose}
      actions={
        <>
          <Button
            icon={isCopied ? <CheckIcon aria-hidden /> : <Copy aria-hidden />}
            onPress={() => void navigator.clipboard.writeText(made.token).then(() => setCopied(true))}
          >
            {isCopied ? "Copied" : "Copy"}
          </Button>
          <Button kind="primary" onPress={onClose}>
            Done
          </Button>
        </>
      }
    >
      <p>This is the only time that the key is shown: the server keeps a hash of it.</p>
      <code className="access-token">{made.token}</code>
    </Dialog>
  );
}
