"""What can go wrong, by what the user has to do about it, with the exit code of each."""


class PipelineError(Exception):
    """A stage cannot do its work; the message names the file, column or key to look at."""

    exit_code = 1


class DataError(PipelineError):
    """The data are not what the stage needs."""


class ParamsError(PipelineError):
    """params.yaml, or what was asked on the command line, is wrong."""

    exit_code = 2


class GateClosed(PipelineError):
    """The new model is not good enough to be registered."""

    exit_code = 3


class WrongCopy(PipelineError):
    """The package that was imported belongs to another copy of the project."""

    exit_code = 2
