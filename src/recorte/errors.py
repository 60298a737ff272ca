"""The errors that a user can cause, and mend."""


class RecorteError(Exception):
    """A mistake in what the user gave. The message says what was wrong, what is valid and what to do.

    Command lines print the message without a traceback and exit with status 2.
    """


class PhotoError(RecorteError):
    """A photo (or mask) that cannot be used: missing, truncated, not an image, too large."""


class LargePhotoError(PhotoError):
    """A photo with more pixels than are taken."""


class UnknownPhotoError(PhotoError):
    """A file that is no photo, or of a kind that cannot be read here."""


class MovingPhotoError(UnknownPhotoError):
    """A video or an animation where a photo is meant."""


class DataError(RecorteError):
    """A data set that cannot be used: missing folders, broken annotation files, nothing in it."""


class ModelError(RecorteError):
    """A model that cannot be used: missing files, another network, weights that cannot be had."""


class ConfigError(RecorteError):
    """A configuration with mistakes. The message lists every one of them."""


class DiskFullError(RecorteError):
    """No room for a file."""


class TrainingError(RecorteError):
    """A training that went wrong: a loss that is not a number, say."""
