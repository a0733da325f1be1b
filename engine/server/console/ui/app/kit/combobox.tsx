// A field that searches a list of choices.

import { ChevronDown } from "lucide-react";
import { type ReactNode, use } from "react";
import { Button } from "react-aria-components/Button";
import { ComboBox as AriaComboBox } from "react-aria-components/ComboBox";
import { OverlayTriggerStateContext } from "react-aria-components/Dialog";
import { FieldError } from "react-aria-components/FieldError";
import { Input } from "react-aria-components/Input";
import { Label } from "react-aria-components/Label";
import { ListBox, ListBoxItem } from "react-aria-components/ListBox";
import { Popover } from "react-aria-components/Popover";
import { Text } from "react-aria-components/Text";

import "./combobox.css";
import "./field.css";
import "./menu.css";

export interface Choice {
  id: string;
  label: string;
  detail?: string | undefined;
  icon?: ReactNode;
}

export interface ComboBoxProps {
  label: string;
  choices: readonly Choice[];
  value: string | null;
  onChange: (id: string | null) => void;
  description?: ReactNode;
  problem?: string | undefined;
  isRequired?: boolean;
  isDisabled?: boolean;
  placeholder?: string;
}

export function ComboBox({
  label,
  choices,
  value,
  onChange,
  description,
  problem,
  placeholder,
  ...rest
}: ComboBoxProps) {
  return (
    <AriaComboBox
      {...rest}
      validationBehavior="aria"
      className="field"
      defaultItems={choices}
      selectedKey={value}
      onSelectionChange={(key) => onChange(key === null ? null : String(key))}
      isInvalid={problem !== undefined}
      menuTrigger="focus"
    >
      <Label className="field-label">{label}</Label>
      <div className="field-row combobox-row">
        <Input className="field-input" placeholder={placeholder} />
        <Button className="combobox-button">
          <ChevronDown aria-hidden />
        </Button>
      </div>
      {description && (
        <Text slot="description" className="field-description">
          {description}
        </Text>
      )}
      <FieldError className="field-problem">{problem}</FieldError>
      <Following>
        <Popover className="menu-popover combobox-popover">
          <ListBox<Choice> className="menu">
            {({ id, label: text, detail, icon }) => (
              <ListBoxItem id={id} textValue={text} className="menu-item">
                {icon}
                <span>
                  {text}
                  {detail && <small className="combobox-detail">{detail}</small>}
                </span>
              </ListBoxItem>
            )}
          </ListBox>
        </Popover>
      </Following>
    </AriaComboBox>
  );
}

/**
 * Keeps the list open beside its field while something around them scrolls. React Aria would close it, and a browser
 * scrolls when a field out of sight gets the focus: in a small window the list closed as soon as it had opened.
 * https://github.com/adobe/react-spectrum/issues/8434
 */
function Following({ children }: { children: ReactNode }) {
  const state = use(OverlayTriggerStateContext);
  // A popover finds its place again when the window has another size.
  const close = () => (window.event?.type === "scroll" ? window.dispatchEvent(new Event("resize")) : state?.close());
  return <OverlayTriggerStateContext value={state && { ...state, close }}>{children}</OverlayTriggerStateContext>;
}
