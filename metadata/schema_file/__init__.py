"""A model as a document for version control, and the changes that bring a model to a document. Pure."""

from fieldstone.metadata.schema_file.export import export_model
from fieldstone.metadata.schema_file.plan import Build, plan_document

__all__ = ["Build", "export_model", "plan_document"]
