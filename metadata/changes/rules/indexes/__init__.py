"""The rules about indexes: the values that they hold, and the ones that labels and search need."""
