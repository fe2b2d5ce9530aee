"""Files and folders are whole or not there, and as open to others as any new one."""

import os
import stat
import subprocess
import sys
import threading

import pytest

from nullcline import dynamics, interp
from nullcline.common.files import cache_folder, whole_file, whole_folder, write_whole


def names(folder):
    return [path.name for path in folder.iterdir()]


def write_half(path, fault):
    with whole_file(path) as temporary:
        temporary.write_text("half of it")
        raise fault


def fill_half(folder, **options):
    with whole_folder(folder, **options) as temporary:
        (temporary / "half").write_text("")
        raise OSError("full")


def test_text_and_bytes_are_written_into_a_new_folder(tmp_path):
    write_whole(tmp_path / "deep" / "a.txt", "β")
    write_whole(tmp_path / "deep" / "b.bin", b"\x00")
    assert (tmp_path / "deep" / "a.txt").read_bytes() == "β".encode()
    assert (tmp_path / "deep" / "b.bin").read_bytes() == b"\x00"
    assert sorted(names(tmp_path / "deep")) == ["a.txt", "b.bin"]


@pytest.mark.parametrize("fault", [OSError("No space left on device"), KeyboardInterrupt()])
def test_a_failed_write_leaves_what_was_there(tmp_path, fault):
    path = tmp_path / "record.json"
    for old in (None, "old"):
        if old:
            write_whole(path, old)
        with pytest.raises(type(fault)):
            write_half(path, fault)
        assert names(tmp_path) == ([path.name] if old else [])
    assert path.read_text() == "old"


def test_a_disk_that_fails_to_sync_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "record.json"
    write_whole(path, "old")

    def full(_):
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, "new")
    assert path.read_text() == "old"
    assert names(tmp_path) == ["record.json"]


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
@pytest.mark.parametrize("umask", [0o022, 0o027, 0o077])
def test_the_mode_is_that_of_an_ordinary_new_file(tmp_path, umask):
    # In a process of its own: the umask belongs to all threads of one.
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from nullcline.common.files import whole_folder, write_whole\n"
        "os.umask(int(sys.argv[1]))\n"
        "folder = Path(sys.argv[2])\n"
        "(folder / 'plain').write_text('')\n"
        "(folder / 'plain_folder').mkdir()\n"
        "write_whole(folder / 'whole', 'text')\n"
        "with whole_folder(folder / 'whole_folder'):\n"
        "    pass\n"
    )
    subprocess.run([sys.executable, "-c", script, str(umask), str(tmp_path)], check=True)

    def mode(name):
        return stat.S_IMODE((tmp_path / name).stat().st_mode)

    assert mode("whole") == mode("plain")
    assert mode("whole_folder") == mode("plain_folder")


def test_the_umask_is_never_touched(tmp_path, monkeypatch):
    def touched(_):
        raise AssertionError("the umask belongs to the whole process")

    monkeypatch.setattr(os, "umask", touched)
    write_whole(tmp_path / "a", "text")
    with whole_folder(tmp_path / "b"):
        pass


def test_writers_at_the_same_time_leave_one_whole_file(tmp_path):
    path = tmp_path / "shared.json"
    contents = [str(number) * 200_000 for number in range(8)]
    threads = [threading.Thread(target=write_whole, args=(path, text)) for text in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_text() in contents
    assert names(tmp_path) == ["shared.json"]


def test_a_folder_is_whole_or_not_there(tmp_path):
    folder = tmp_path / "deep" / "model"
    with pytest.raises(OSError, match="full"):
        fill_half(folder)
    assert names(folder.parent) == []
    with whole_folder(folder) as temporary:
        (temporary / "first").write_text("")
    with pytest.raises(FileExistsError, match="exists"), whole_folder(folder):
        pass
    with pytest.raises(OSError, match="full"):
        fill_half(folder, replace=True)
    assert names(folder) == ["first"]
    with whole_folder(folder, replace=True) as temporary:
        (temporary / "second").write_text("")
    assert names(folder) == ["second"]
    assert names(folder.parent) == ["model"]


@pytest.mark.parametrize(
    "read",
    [
        dynamics.read_scores,
        lambda path: dynamics.read_trajectories(path, time="t"),
        interp.read_questions,
        interp.read_statements,
    ],
)
def test_a_pipe_is_refused_and_not_waited_for(tmp_path, read):
    path = tmp_path / "pipe.csv"
    os.mkfifo(path)
    with pytest.raises(ValueError, match="neither a file nor a folder") as caught:
        read(path)
    assert str(path) in str(caught.value)


def test_the_cache_lies_where_the_user_keeps_caches(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder("gguf") == tmp_path / "nullcline" / "gguf"
    assert not cache_folder("gguf").exists()
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder("gguf") == tmp_path / ".cache" / "nullcline" / "gguf"
