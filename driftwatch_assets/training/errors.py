"""What can go wrong between a declaration and a trained model."""

from __future__ import annotations


class CandidateInvalid(ValueError):  # noqa: N818 - named for what was found
    """A declared candidate cannot be built: a wrong import path, an unknown parameter or a refused value."""


class NotEnoughLabels(Exception):  # noqa: N818 - it names the state of the data, which the caller reports as such
    """The labelled rows cannot carry a training; nothing is wrong with the code or with the declaration."""


class ColumnsAbsent(Exception):  # noqa: N818 - as above
    """Batches of the training window lack a feature that later ones have, and what to do then is not declared."""


class LabelUnknown(ValueError):  # noqa: N818 - named for what was found
    """A label is none of the classes that the task declares."""


class TrainingFailed(RuntimeError):  # noqa: N818 - named for what was found
    """A candidate that could be built could not be fitted."""


class ScoringFailed(RuntimeError):  # noqa: N818 - named for what was found
    """A fitted model could not score the rows that it was given."""


class FeaturesMissing(KeyError):  # noqa: N818 - named for what was found
    """The rows to be scored lack columns that the model was fitted on."""

    def __str__(self) -> str:
        """Give the message itself; a KeyError would show it quoted."""
        return str(self.args[0])
