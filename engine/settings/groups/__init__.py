"""The settings by the part of Fieldstone that they are for."""
