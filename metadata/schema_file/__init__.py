"""A model as a document for version control, and the changes that make a model what a document says. Pure."""

from fieldstone.metadata.schema_file.export import export_model
from fieldstone.metadata.schema_file.plan import Build, plan_document

__all__ = ["Build", "export_model", "plan_document"]
