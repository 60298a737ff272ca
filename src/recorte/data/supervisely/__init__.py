"""The people of a project of Supervisely."""

from recorte.data.supervisely.persons import SuperviselyPersons

__all__ = ["SuperviselyPersons"]
