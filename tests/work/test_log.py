"""One logger: answers at info, progress at debug, nothing where nobody asked."""

import logging
import subprocess
import sys

import exactinj as xi

PLANE = [[1, 0], [-1, 0], [0, 1], [0, -1]]


def test_answers_and_progress_go_to_one_logger(caplog):
    caplog.set_level(logging.DEBUG, logger="exactinj")
    xi.certify(PLANE, engine="tree")
    assert {record.name for record in caplog.records} == {"exactinj"}
    answers = [record.getMessage() for record in caplog.records if record.levelno == logging.INFO]
    assert len(answers) == 1
    assert "on R^n: injective" in answers[0]


def test_scans_tell_of_layers(caplog):
    caplog.set_level(logging.INFO, logger="exactinj")
    xi.scan(xi.DenseNetwork([(PLANE, None, "relu"), ([[1, 0, 0, 1]], None, "none")]))
    assert sum(message.startswith("layer ") for message in caplog.messages) == 2


def test_a_library_is_silent():
    code = f"import exactinj as xi; print(xi.certify({PLANE}).verdict)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("injective\n", "")


def test_the_command_line_logs_to_stderr_if_asked(run_command, tmp_path):
    (tmp_path / "w.csv").write_text("1\n-1\n")
    done = run_command("--log", "info", "certify", "w.csv", "--json")
    assert done.stdout.startswith("{")
    lines = [line for line in done.stderr.splitlines() if line.startswith("exactinj: ")]
    assert len(lines) == 1
    assert "injective" in lines[0]
    assert run_command("certify", "w.csv", "--json").stderr == ""


def test_the_log_is_as_before_afterwards():
    from exactinj.work.log import LOGGER, logged_to_stderr

    before = LOGGER.handlers[:], LOGGER.level, LOGGER.propagate
    with logged_to_stderr("debug"):
        assert LOGGER.getEffectiveLevel() == logging.DEBUG
    assert (LOGGER.handlers, LOGGER.level, LOGGER.propagate) == before
