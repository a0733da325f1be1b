"""The templates of workspaces: model files under names that `fieldstone workspace create --template` takes."""
