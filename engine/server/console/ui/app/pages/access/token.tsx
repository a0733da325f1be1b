// The token of a key, shown this once.

import type { CreatedKey } from "../../api/access.ts";
import { Secret } from "../../kit/secret.tsx";
import { printTime } from "../../kit/times.ts";

export function Token({ made, onClose }: { made: CreatedKey; onClose: () => void }) {
  return (
    <Secret title={`The key ${made.name}`} secret={made.token} onClose={onClose}>
      <p>This is the only time that the key is shown: the server keeps a hash of it.</p>
      <p>{made.expiresAt === null ? "It is valid until it is revoked." : `It ends on ${printTime(made.expiresAt)}.`}</p>
    </Secret>
  );
}
