"""A plugin of pytest (`-p lines_of_tests`): which lines of the core each test executes.

It writes them, each test's CPU seconds and whether it passed to the file that the variable
LINES_OF_TESTS names. What a test starts in another process is counted, not followed.
"""

import json
import os
import resource
from pathlib import Path

import coverage
import pytest

VARIABLE = "LINES_OF_TESTS"


def _cpu(*of: int) -> float:
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, of))


class _Plugin:
    def __init__(self, root: Path, to: Path):
        folders = [str(root / name / "*") for name in ("common", "dynamics", "interp")]
        self.measure = coverage.Coverage(data_file=None, include=folders, config_file=False)
        self.to, self.tests = to, {}
        self.measure.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item):
        self.measure.switch_context(item.nodeid)
        own, others = _cpu(resource.RUSAGE_SELF), _cpu(resource.RUSAGE_CHILDREN)
        result = yield
        own, others = _cpu(resource.RUSAGE_SELF) - own, _cpu(resource.RUSAGE_CHILDREN) - others
        self.measure.switch_context("")
        test = self.tests.setdefault(item.nodeid, {"passed": True})
        test |= {"seconds": round(own + others, 2), "processes": others > 0.5}
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport):
        if report.failed:
            self.tests.setdefault(report.nodeid, {})["passed"] = False

    def pytest_sessionfinish(self, session: pytest.Session):
        self.measure.stop()
        data = self.measure.get_data()
        for file in data.measured_files():
            short = str(Path(file).relative_to(session.config.rootpath))
            for line, names in data.contexts_by_lineno(file).items():
                for name in names:
                    if name in self.tests:
                        lines = self.tests[name].setdefault("lines", {})
                        lines.setdefault(short, []).append(line)
        self.to.write_text(json.dumps(self.tests), encoding="utf-8")


def pytest_configure(config: pytest.Config):
    config.pluginmanager.register(_Plugin(config.rootpath, Path(os.environ[VARIABLE])))
