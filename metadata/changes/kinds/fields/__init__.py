"""New fields of each form, and the conversion of a field to another type. Pure."""
