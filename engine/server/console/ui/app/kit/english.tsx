// The language of React Aria: English, as all of the console, whatever the language of the browser is.

import type { ReactNode } from "react";
import { I18nProvider } from "react-aria-components/I18nProvider";

/** The build keeps the English words alone, and a layout that is not mirrored needs arrow keys that are not. */
export function English({ children }: { children: ReactNode }) {
  return <I18nProvider locale="en-US">{children}</I18nProvider>;
}
