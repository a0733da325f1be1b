// The mark of a field that the role may read and not write.

import { Lock } from "lucide-react";

const WORDS = "read-only for your role";

export function Locked() {
  return (
    <Lock role="img" aria-label={WORDS} size={12}>
      <title>{WORDS}</title>
    </Lock>
  );
}
