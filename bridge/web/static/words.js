// How numbers, times and states read.
const NUMBER = new Intl.NumberFormat(undefined);
const TIME = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const STEPS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

export const number = (value) => NUMBER.format(value);
export const time = (instant) => TIME.format(new Date(instant));

export function ago(instant) {
  const seconds = Math.max(0, Math.round((Date.now() - new Date(instant)) / 1000));
  const [unit, size] = STEPS.find(([, size]) => seconds >= size) ?? STEPS.at(-1);
  return new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(-Math.floor(seconds / size), unit);
}

export const STATES = {
  owed: "owed",
  waiting: "waits for the other side",
  absent: "looks deleted",
  deleted: "deleted, to be carried over",
  held: "held",
  dead: "dead letter",
};

export const ACTS = {
  "to-dicom": "Written to the PACS as a Structured Report",
  "to-fhir": "Written to the FHIR server",
  reject: "Rejection note written to the PACS",
  retract: "Marked entered-in-error on the FHIR server",
  "remove-instances": "Removed from the PACS",
  "remove-resources": "Removed from the FHIR server",
  retry: "Retry asked for",
};

export const WORLDS = { fhir: "FHIR", dicom: "PACS" };
export const SIDES = { changed: "changed", retracted: "withdrawn", gone: "deleted" };
