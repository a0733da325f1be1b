// The focus: where an element goes away, another one has it.

/** Give the focus to the first input of an editor that has appeared, with the caret behind its text. */
export function focusFirst(element: HTMLElement | null, options?: FocusOptions): void {
  const input = element?.querySelector<HTMLElement>("[data-autofocus]");
  input?.focus(options);
  const isText = input instanceof HTMLInputElement || input instanceof HTMLTextAreaElement;
  if (isText && input.type !== "date" && input.type !== "datetime-local")
    input.setSelectionRange(input.value.length, input.value.length);
}

/** Show a panel that has appeared beside others, which may leave no room for it. */
export function showPanel(panel: HTMLElement | null): void {
  panel?.scrollIntoView({ block: "nearest", inline: "nearest" });
  takeLostFocus(panel);
}

/** Whether the focus is between two elements: it is nowhere then, and not lost. */
let isMoving = false;
document.addEventListener(
  "focusout",
  ({ relatedTarget }) => {
    isMoving = relatedTarget !== null;
    setTimeout(() => {
      isMoving = false;
    });
  },
  true,
);

/** Give the focus to an element that has appeared in the place of the one that had it. */
export function takeLostFocus(element: HTMLElement | null): void {
  if (!isMoving && document.activeElement === document.body) element?.focus();
}

/** Give the focus to the first input of an editor that has appeared in the place of the element that had it. */
export function takeLostFocusFirst(element: HTMLElement | null): void {
  takeLostFocus(element?.querySelector<HTMLElement>("[data-autofocus]") ?? null);
}

/** Show the refusal of a value, which may be out of view, and give the focus to the value above it. */
export function showRefusal(refusal: HTMLElement | null): void {
  refusal?.parentElement?.querySelector<HTMLElement>("button, [data-autofocus]")?.focus();
  refusal?.scrollIntoView({ block: "nearest" });
}
