"""The errors that a user can cause, and mend."""

LONGEST = 480
"""Characters of a message to a user: with "Error: " or a bullet before it, 500 are never passed."""
ENTRIES = 40
"""Lines of a list that a message has."""


def within_limits(message: object) -> str:
    """Give a message of no more than `LONGEST` characters: of a longer one, which may hold a photo as text, both ends.

    Of a message with a list, in lines that begin with two spaces, each entry counts by itself.
    """
    entries = str(message).split("\n  ")
    if len(entries) > ENTRIES:
        entries[ENTRIES // 2 : 1 - ENTRIES // 2] = ["..."]
    half = (LONGEST - 3) // 2
    return "\n  ".join(one if len(one) <= LONGEST else f"{one[:half]}...{one[-half:]}" for one in entries)


class RecorteError(Exception):
    """A mistake in what the user gave. The message says what was wrong, what is valid and what to do.

    Command lines print the message without a traceback and exit with status 2. However long what was given is, the
    message keeps `within_limits`.
    """

    def __str__(self) -> str:
        return within_limits(super().__str__())


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
