"""The servers that Fieldstone is compared with, each in an environment of its own."""
