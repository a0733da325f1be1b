// The types of fields: they are the server's, and the same for every model.

import { useQuery } from "@tanstack/react-query";

import { readFieldTypes } from "./model_edit.ts";

export function useFieldTypes() {
  return useQuery({
    queryKey: ["field-types"],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: ({ signal }) => readFieldTypes(signal),
  });
}

/** The words of a type; one that is not known stands as the API has it. */
export type TypeLabel = (type: string) => string;

/** Return the words of types, which are empty until they are here. */
export function useTypeLabel(): TypeLabel {
  const { data, isPending } = useFieldTypes();
  return (type) => (isPending ? "" : (data?.find((one) => one.type === type)?.label ?? type));
}
