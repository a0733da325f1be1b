"""The transaction of a change of the model: its checks and updates of rows, its dry run, its rollback."""
