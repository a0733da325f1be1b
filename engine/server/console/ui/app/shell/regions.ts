// F6 goes through the regions of a page: side bar, bar, content, panel.

const FOCUSABLE = "a[href], button:not([disabled]), input:not([disabled]), select, textarea, [tabindex='0']";

/** Moves the focus to the next region, or to the one before. */
export function moveRegion(step: 1 | -1): void {
  const regions = [...document.querySelectorAll<HTMLElement>("[data-region]")].filter((region) => region.offsetParent);
  const here = regions.findIndex((region) => region.contains(document.activeElement));
  const start = here === -1 && step === -1 ? 0 : here;
  const next = regions[(start + step + regions.length) % regions.length];
  if (next !== undefined) {
    const inside = next.querySelector<HTMLElement>(FOCUSABLE);
    if (inside === null) {
      next.tabIndex = -1;
    }
    (inside ?? next).focus();
  }
}
