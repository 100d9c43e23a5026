"""The static folder: every published page, bundle and proof as a file, so that a plain file server answers without the service."""

from service.static_folder.files import FolderError
from service.static_folder.keeping import keep_folder
from service.static_folder.publish import Published, publish_folder

__all__ = ["FolderError", "Published", "keep_folder", "publish_folder"]
