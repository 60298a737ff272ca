"""The people of a COCO data set."""

from recorte.data.coco.persons import CocoPersons

__all__ = ["CocoPersons"]
