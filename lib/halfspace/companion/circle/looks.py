"""What the studies on the circle share: a training run, and the epochs at which it is looked at."""

from typing import ClassVar, Self

from pydantic import model_validator

from halfspace.companion.circle.specs import CircleTraining
from halfspace.companion.circle.target import Circle
from halfspace.companion.spec import Integer, Spec

__all__ = ["CircleLooks"]


class CircleLooks(Spec):
    """A training run on the circle that is looked at now and then; subclasses measure.

    Attributes:
        training: the training run; its seeds are the study's.
        at: epochs at which the nets are looked at, increasing from 0; training ends with the last.
    """

    early: ClassVar[float] = 10.0

    training: CircleTraining
    at: tuple[Integer, ...]

    @model_validator(mode="after")
    def _ends_with_training(self):
        ordered = list(self.at) == sorted(set(self.at))
        if not (ordered and self.at[0] == 0 and self.at[-1] == self.training.epochs):
            raise ValueError(
                f"at must increase from 0 to training.epochs, {self.training.epochs}; got {self.at}"
            )
        return self

    @property
    def target(self) -> Circle:
        """The training run's target."""
        return self.training.target

    def one_seed(self, index: int) -> Self:
        """Return the study of one of its seeds, counted from 0."""
        return self.with_training(seeds=1, first_seed=self.training.first_seed + index)

    def with_training(self, **changes) -> Self:
        """Return the study with some fields of its training changed."""
        return self.replace(training=self.training.replace(**changes))
