// A button that opens a list of actions.

import type { ReactNode } from "react";
import { Menu as AriaMenu, MenuItem, MenuTrigger } from "react-aria-components/Menu";
import { Popover } from "react-aria-components/Popover";

import { Button, type ButtonProps } from "./button.tsx";
import "./menu.css";

export interface MenuAction {
  id: string;
  label: string;
  icon?: ReactNode;
  kind?: "plain" | "danger";
  /** Stands at the end of the line: a key, a mark of the present choice. */
  end?: ReactNode;
  isDisabled?: boolean;
  /** The address of a file that is downloaded. */
  file?: string;
  onAction?: () => void;
}

export interface MenuProps extends Omit<ButtonProps, "onPress"> {
  /** The name of the list. */
  label: string;
  actions: readonly MenuAction[];
}

export function Menu({ label: name, actions, ...button }: MenuProps) {
  return (
    <MenuTrigger>
      <Button {...button} />
      <Popover className="menu-popover">
        <AriaMenu className="menu" aria-label={name}>
          {actions.map(({ id, label, icon, kind = "plain", end, isDisabled = false, file, onAction }) => (
            <MenuItem
              key={id}
              id={id}
              className="menu-item"
              data-kind={kind}
              isDisabled={isDisabled}
              textValue={label}
              {...(file !== undefined && { href: file, download: true })}
              {...(onAction && { onAction })}
            >
              {icon}
              <span>{label}</span>
              {end}
            </MenuItem>
          ))}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  );
}
