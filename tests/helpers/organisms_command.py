"""`nullcline organisms` as a test calls it."""

from nullcline.experiments.cli import main


def nullcline(*arguments):
    return main(["organisms", *[str(a) for a in arguments]])


def complaint(capsys, *arguments):
    """The one line on stderr of a run that must end with status 2 and nothing on stdout."""
    capsys.readouterr()
    try:
        status = nullcline(*arguments)
    except SystemExit as exit_:  # argparse's own way
        status = exit_.code
    out, err = capsys.readouterr()
    lines = [line for line in err.splitlines() if not line.startswith("train ")]
    assert status == 2
    assert out == ""
    assert len(lines) == 1, err
    return lines[0]
