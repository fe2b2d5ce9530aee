"""Ctrl-C, typed into a terminal of a real process: one line, status 130, nothing half-written.

The bounds on time are many times what is measured: they tell an answer from none.
"""

import os
import select
import subprocess
import sys
import textwrap
import time

import pytest

pty = pytest.importorskip("pty")
_PATIENCE = 20  # seconds; measured are hundredths


# The first process of a session takes the first terminal that it opens: Python need not fork. It
# stays until all is read, since a terminal drops the rest when that process ends. A process that is
# started in the background may ignore Ctrl-C, and so does all that it starts.
LAUNCH = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGINT, signal.SIG_DFL)
terminal = os.open(sys.argv[1], os.O_RDWR)
for end in (0, 1, 2):
    os.dup2(terminal, end)
command = subprocess.Popen([sys.executable, *sys.argv[2:]])
signal.signal(signal.SIGINT, signal.SIG_IGN)
status = command.wait()
time.sleep(1)
os._exit(status if status >= 0 else 99)
"""


def interrupted(arguments, until, *, after=1.0, cwd):
    """(seconds to the end, status, what the terminal showed) of a process that gets Ctrl-C so many
    seconds after it has shown `until`."""
    terminal, its_end = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c", LAUNCH, os.ttyname(its_end), *arguments],
        cwd=cwd,
        start_new_session=True,
    )
    os.close(its_end)
    shown, sent = b"", 0.0
    while True:
        if not sent and until.encode() in shown:
            time.sleep(after)
            os.write(terminal, b"\x03")
            sent = time.monotonic()
        if not select.select([terminal], [], [], 120)[0]:
            child.kill()
            break
        try:
            shown += os.read(terminal, 65536)
        except OSError:  # nobody has it open: not yet, or not any more
            if child.poll() is not None:
                break
            time.sleep(0.01)
    os.close(terminal)
    status = child.wait()
    assert sent, shown
    return time.monotonic() - sent, status, shown.decode().replace("\r", "\n")


def last_line(shown):
    return shown.strip().splitlines()[-1].split("\x1b[?25h")[-1]


SWEEP = ["run", "diagnose", "-m", "family=pythia,opt", "estimator.n_boot=20000000"]
GOES_ON = "interrupted; the same command goes on"


# At once is while processes are being started; a second later they compute.
@pytest.mark.slow(reason="starts whole commands in a terminal")
@pytest.mark.parametrize(
    ("arguments", "until", "after", "said"),
    [
        (["diagnose", "--n-boot", "2000000", "--out", "out"], "diagnose ", 1, "interrupted"),
        (["reproduce", "--out", "out"], "claims ", 1, "interrupted"),
        (["dashboard"], "Ctrl-C ends it", 0.1, "interrupted"),
        (["dashboard"], "Ctrl-C ends it", 1, "interrupted"),
        (SWEEP, "diagnose", 1, GOES_ON),
        ([*SWEEP, "launcher=joblib", "launcher.workers=2"], "diagnose", 0.1, GOES_ON),
        ([*SWEEP, "launcher=joblib", "launcher.workers=2"], "diagnose", 1, GOES_ON),
    ],
    ids=["diagnose", "reproduce", "new-dashboard", "dashboard", "run", "new-joblib", "joblib"],
)
def test_a_command_answers_with_one_line(arguments, until, after, said, tmp_path):
    seconds, status, shown = interrupted(
        ["-m", "nullcline", *arguments], until, after=after, cwd=tmp_path
    )
    assert status == 130
    assert last_line(shown) == f"nullcline: {said}"
    assert shown.count("interrupted") == 1
    assert "Traceback" not in shown
    assert seconds < _PATIENCE
    left = [path for path in tmp_path.rglob("*") if path.name.startswith(".") and path.is_file()]
    assert [path for path in left if path.name != ".lock"] == []
    assert not list(tmp_path.rglob("record.json"))


DEAF = """
import hashlib, sys
from pathlib import Path
from nullcline.common.files import whole_file
from nullcline.experiments.interrupts import Interruption
with Interruption("interrupted"), whole_file(Path("result.json")) as temporary:
    temporary.write_text("half")
    print("at work", flush=True)
    hashlib.pbkdf2_hmac("sha256", b"a", b"b", 2_000_000_000)  # Python cannot look up meanwhile
"""


def test_a_library_that_does_not_look_up_is_ended(tmp_path):
    seconds, status, shown = interrupted(["-c", DEAF], "at work", cwd=tmp_path)
    assert status == 130
    assert last_line(shown) == "nullcline: interrupted"
    assert seconds < _PATIENCE
    assert list(tmp_path.iterdir()) == []


def test_the_line_is_for_the_terminal_while_a_job_writes_to_its_file(tmp_path):
    script = """
    import os, signal, sys, time
    from nullcline.experiments.interrupts import Interruption
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Interruption("interrupted"):
        os.dup2(os.open("job.log", os.O_CREAT | os.O_WRONLY), 2)
        signal.signal(signal.SIGINT, lambda *_: None)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(60)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert (done.returncode, done.stderr) == (130, "nullcline: interrupted\n")
    assert (tmp_path / "job.log").read_text() == ""


def test_a_process_started_without_ctrl_c_never_gets_it_and_its_parent_does_at_the_end():
    script = """
    import os, signal, subprocess, sys, time
    from nullcline.experiments.interrupts import children_without_ctrl_c
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with children_without_ctrl_c():
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(.5)"])
            os.kill(child.pid, signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
            print("started", flush=True)
        print("not reached")
    except KeyboardInterrupt:
        print("heard", child.wait())
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("started\nheard 0\n", "")


def test_a_command_that_ends_by_itself_is_left_to_do_so():
    script = """
    import os, signal, time
    from nullcline.experiments.interrupts import Interruption
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with Interruption("interrupted") as it:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(60)
        except KeyboardInterrupt:
            it.say()
    time.sleep(0.6)
    print("cleaned up")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "cleaned up\n"
    assert done.stderr == "nullcline: interrupted\n"
