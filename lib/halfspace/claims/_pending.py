"""Claims whose experiments are still to be recorded; a rule is fixed before its first run."""

from halfspace.claims._rules import Claim

__all__ = ["PENDING_CLAIMS"]


def _pending(id: str, text: str, where: str, paper: str, statistic: str) -> Claim:
    return Claim(id=id, text=text, where=where, paper=paper, statistic=statistic, cases=())


_ACCURACY = "accuracy on the test set, percent"
_TABLE = "Section 3, Table 1"
_APPENDIX = "Appendix 2"

PENDING_CLAIMS = (
    _pending(
        "table1-relu",
        "A ReLU net of five convolutions classifies CIFAR-10 this well.",
        _TABLE,
        "96.3 train, 72.17 test",
        _ACCURACY,
    ),
    _pending(
        "table1-dlgn",
        "So does the DLGN of the same shape, on test images.",
        _TABLE,
        "85.3 train, 73.2 test",
        _ACCURACY,
    ),
    _pending(
        "table1-pwc",
        "So does the DLGN with constant experts.",
        _TABLE,
        "84.9 train, 72.2 test",
        _ACCURACY,
    ),
    _pending(
        "table1-linear",
        "The deep linear network stays far below all three.",
        _TABLE,
        "42.3 train, 40.79 test",
        _ACCURACY,
    ),
    _pending(
        "table1-ntk",
        "They are far above a linear model on empirical-NTK features, too.",
        _TABLE,
        "far above",
        _ACCURACY,
    ),
    _pending(
        "resnet34-gap",
        "ResNet-34 as a DLGN loses about five points to its ReLU form.",
        _APPENDIX,
        "CIFAR-10: 91 against 86; CIFAR-100: 56.68 against 51.6",
        _ACCURACY,
    ),
    _pending(
        "resnet110-gap",
        "ResNet-110 as a DLGN loses about five points to its ReLU form.",
        _APPENDIX,
        "CIFAR-10: 94 against 89; CIFAR-100: 73 against 67",
        _ACCURACY,
    ),
    _pending(
        "resnets-beat-linear",
        "Residual DLGNs are much better than linear models.",
        _APPENDIX,
        "much better",
        _ACCURACY,
    ),
)
