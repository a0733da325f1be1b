"""A model as a document for version control, and the changes that bring a model to a document. Pure."""

from fieldstone.metadata.schema_file.export import export_model
from fieldstone.metadata.schema_file.plan import plan_document
from fieldstone.metadata.schema_file.role_plan import Build

__all__ = ["Build", "export_model", "plan_document"]
