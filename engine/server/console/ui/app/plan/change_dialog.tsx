// A form whose change shows its plan first, and is made when the person agrees to it.

import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useLayoutEffect, useMemo, useRef, useState } from "react";

import { ApiError, byField, describeFailure, gather } from "../api/errors.ts";
import { applyChanges, type Change, type Plan, planChanges } from "../api/model_edit.ts";
import { Button } from "../kit/button.tsx";
import { Check } from "../kit/check.tsx";
import { Dialog } from "../kit/dialog.tsx";
import { TextField } from "../kit/field.tsx";
import { FormDialog } from "../kit/form_dialog.tsx";
import { Problem } from "../kit/problem.tsx";
import { PlanView } from "./plan_view.tsx";
import { isLosing } from "./summary.ts";

export interface ChangeDialogProps {
  title: string;
  /** The changes as the form stands; none if nothing was changed. */
  changes: () => readonly Change[];
  /** The changes that lose the values which do not fit, once the person agrees to it. */
  losing?: () => readonly Change[];
  size?: "medium" | "large";
  /** Whether anything was typed that closing would lose. */
  isDirty?: boolean;
  /** The name that has to be typed before anything is destroyed. */
  typed?: string;
  /** The part of the model that the changes name by its id: another may have deleted it. */
  named?: { id: string; name: string };
  onClose: () => void;
  /** Called after the change was made. */
  onDone: () => void;
  /** The form; it is given the problems of its fields. Absent where there is nothing to fill in. */
  children?: (problems: ReadonlyMap<string, string>) => ReactNode;
}

export function ChangeDialog(props: ChangeDialogProps) {
  const { title, changes, losing, size = "medium", isDirty = false, typed, named, onClose, onDone, children } = props;
  const [planned, setPlanned] = useState<Planned | null>(null);
  const [problems, setProblems] = useState<ReadonlyMap<string, string>>(new Map());
  const [others, setOthers] = useState<readonly string[]>([]);
  const form = useRef<HTMLDivElement>(null);
  const planning = useMutation({
    mutationFn: () => planEither(changes(), losing?.()),
    onSuccess: (made: Planned) => {
      const refused = gather(made.plan.problems.map((problem) => withName(problem, named)));
      setProblems(refused);
      setPlanned(refused.size === 0 ? made : null);
    },
  });

  const failed = planning.error;
  const refused = useMemo(() => (failed instanceof ApiError ? byField(failed) : problems), [failed, problems]);
  // A form has no control for some fields, and not always for others.
  useLayoutEffect(() => {
    const shown = [...(form.current?.querySelectorAll(".field-problem") ?? [])].map((one) => one.textContent);
    setOthers([...refused.values()].filter((text) => !shown.includes(text) && text !== failed?.message));
  }, [refused, failed]);

  function submit() {
    if (changes().length === 0) {
      onClose();
    } else if (!planning.isPending) {
      planning.mutate();
    }
  }

  if (planned !== null) {
    const { plan, made } = planned;
    const back = children === undefined ? onClose : () => setPlanned(null);
    return (
      <PlanDialog
        title={title}
        plan={plan}
        typed={typed}
        onBack={back}
        onDone={onDone}
        apply={() => applyChanges(made)}
      />
    );
  }
  return (
    <FormDialog
      title={title}
      size={size}
      submit={planning.isPending ? "Looking…" : "Show the plan"}
      onSubmit={submit}
      onClose={onClose}
      isDirty={isDirty}
      problems={problems}
    >
      {(failed || others.length > 0) && (
        <div key={planning.submittedAt} className="form" ref={reveal}>
          {failed && <Problem title="The change cannot be planned." text={failed.message} />}
          {others.length > 0 && <Problem title="The change is refused." text={others.join("\n")} />}
        </div>
      )}
      <div className="form" ref={form}>
        {children?.(refused) ?? <p>The plan counts everything that would go, before anything is done.</p>}
      </div>
    </FormDialog>
  );
}

/** Return the problem with the name of a part in the place of its id. */
function withName(problem: Plan["problems"][number], named: ChangeDialogProps["named"]): Plan["problems"][number] {
  return named ? { ...problem, message: problem.message.replaceAll(named.id, named.name) } : problem;
}

/** Scroll to a refusal: the button that was pressed may stand far below it. */
function reveal(shown: HTMLElement | null): void {
  shown?.scrollIntoView({ block: "nearest" });
}

interface Planned {
  plan: Plan;
  made: readonly Change[];
}

/** The plan of changes, or of those that accept a loss where the values do not fit without one. */
async function planEither(changes: readonly Change[], losing: readonly Change[] | undefined): Promise<Planned> {
  const plan = await planChanges(changes);
  const isShort = plan.problems.length > 0 || plan.conversions.some(({ needs }) => needs !== null);
  if (isShort && losing !== undefined) {
    const second = await planChanges(losing);
    if (second.problems.length === 0) {
      return { plan: second, made: losing };
    }
  }
  return { plan, made: changes };
}

export interface PlanDialogProps {
  title: string;
  plan: Plan;
  typed?: string | undefined;
  onBack: () => void;
  onDone: () => void;
  apply: () => Promise<void>;
}

/** The plan of a change, with the agreement to its losses and the button that makes it. */
export function PlanDialog({ title, plan, typed, onBack, onDone, apply }: PlanDialogProps) {
  const [isAgreed, setAgreed] = useState(false);
  const [name, setName] = useState("");
  const applying = useMutation({ mutationFn: apply, onSuccess: onDone });
  const loses = isLosing(plan);
  const isReady = (!loses || isAgreed) && (typed === undefined || name === typed);
  return (
    <Dialog
      title={title}
      size="large"
      isForm
      onClose={onBack}
      write={applying}
      role={loses || typed !== undefined ? "alertdialog" : "dialog"}
      actions={
        <>
          <Button slot="close">Back</Button>
          <Button
            kind={loses || typed !== undefined ? "danger" : "primary"}
            isDisabled={!isReady}
            // Disabled while it waits, the button would lose the focus.
            onPress={() => applying.isPending || applying.mutate()}
          >
            {applying.isPending ? "Applying…" : "Apply"}
          </Button>
        </>
      }
    >
      {applying.error && <Problem {...describeFailure(applying.error, "The change was not made.")} />}
      <PlanView plan={plan} />
      {loses && <Check label="I agree to lose these values" isSelected={isAgreed} onChange={setAgreed} />}
      {typed !== undefined && (
        <TextField label={`Type ${typed} to confirm`} value={name} onChange={setName} isCode autoComplete="off" />
      )}
    </Dialog>
  );
}
