"""Pictures of meshes: views, renders, and scenes that look photographed."""
