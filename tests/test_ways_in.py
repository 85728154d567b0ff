"""Every way to use the template works or ends with one clear line, and no secret is ever overwritten."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

from scripts.demo import bake_command
from tests.conftest import TEMPLATE, Bake, Command, Rejected, env_files

COOKIECUTTER = (sys.executable, "-m", "cookiecutter")


def bake(*arguments: str | Path, prefix: Sequence[str] = (), code: int = 0, cwd: Path | None = None) -> tuple[str, str]:
    """Run `python -m cookiecutter`, which must exit with `code`; return its stdout and stderr."""
    command = [*prefix, *bake_command(), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=cwd)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout, done.stderr


def test_a_bake_over_a_project_keeps_its_secrets_and_the_users_own_files(command: Command, tmp_path: Path) -> None:
    command("--no-input")
    project = tmp_path / "out" / "my_django_project"
    (project / "shop").mkdir()
    (project / "shop" / "models.py").write_text("mine")
    (project / ".envs" / "production.env").write_text("MINE=1\n")
    (project / "README.md").write_text("changed")
    before = env_files(project)
    assert command("--no-input", "--overwrite-if-exists", "app_port=80").exit_code == 1
    assert (project / "README.md").read_text() == "changed"
    assert command("--no-input", "--overwrite-if-exists").exit_code == 0
    completed = env_files(project)
    assert completed["production.env"].startswith(b"MINE=1\nGLITCHTIP_RELEASE_TOKEN=")
    assert {**completed, "production.env": b"MINE=1\n"} == before
    assert (project / "shop" / "models.py").read_text() == "mine"
    assert (project / "README.md").read_text().startswith("# My Django Project")
    # --skip-if-file-exists keeps files that Cookiecutter renders, but not files that it only copies.
    (project / "README.md").write_text("changed")
    assert command("--no-input", "--overwrite-if-exists", "--skip-if-file-exists").exit_code == 0
    assert (project / "README.md").read_text() == "changed"
    assert env_files(project) == completed


def test_a_bake_over_a_project_says_how_its_env_files_differ(
    command: Command, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    command("--no-input")
    folder = tmp_path / "out" / "my_django_project" / ".envs"
    (folder / "staging.env").write_bytes(b"SECRET_KEY=another-project\xff\n")
    before = env_files(folder.parent)
    capfd.readouterr()
    assert command("--no-input", "--overwrite-if-exists", "app_port=9001").exit_code == 0
    printed = capfd.readouterr().out
    assert "Kept .envs/development.env: it has APP_PORT=8001, but your answer is 9001" in printed
    assert re.search(r"Kept .envs/staging.env: it lacks .*APP_PORT, .*; .envs/example.env explains them", printed)
    assert "another-project" not in printed
    assert env_files(folder.parent) == before


def test_a_folder_of_that_name_is_left_alone(command: Command, tmp_path: Path) -> None:
    project = tmp_path / "out" / "my_django_project"
    (project / ".envs").mkdir(parents=True)
    (project / ".envs" / "development.env").write_text("MINE=1\n")
    result = command("--no-input", "--skip-if-file-exists")
    assert result.exit_code == 1
    [line] = result.output.splitlines()
    assert line == f'Error: "{project}" directory already exists'
    assert [path.name for path in project.rglob("*")] == [".envs", "development.env"]


def test_a_file_of_that_name_is_left_alone(command: Command, tmp_path: Path) -> None:
    (tmp_path / "out" / "my_django_project").write_text("mine")
    result = command("--no-input", "--overwrite-if-exists")
    assert result.exit_code == 1
    assert re.fullmatch('".*" is not a folder; remove it, or choose another with --output-dir\n', result.output)
    assert (tmp_path / "out" / "my_django_project").read_text() == "mine"


@pytest.mark.parametrize("slug", ["../replayed", "a/b", "{{ 7 * 7 }}", 5])
@pytest.mark.parametrize("option", ["--replay", "--replay-file"])
def test_a_replay_bakes_the_same_answers_and_an_invalid_one_is_rejected(
    command: Command, tmp_path: Path, option: str, slug: object
) -> None:
    command("--no-input", "description=It's {replayed}")
    project = tmp_path / "out" / "my_django_project"
    before = (project / "README.md").read_bytes()
    shutil.rmtree(project)
    [file] = (tmp_path / "replay").glob("*.json")
    arguments = [option] if option == "--replay" else [option, str(file)]
    result = command(*arguments)
    assert result.exit_code == 0, result.output
    assert (project / "README.md").read_bytes() == before
    shutil.rmtree(project)
    context = json.loads(file.read_text())
    context["cookiecutter"].update(app_port="8000", project_slug=slug)
    file.write_text(json.dumps(context))
    result = command(*arguments)
    assert result.exit_code == 1
    assert [line.split(" = ")[0] for line in result.output.splitlines()] == ["project_slug", "app_port"]
    assert result.output == result.stderr
    assert list((tmp_path / "out").iterdir()) == []
    assert not (tmp_path / "replayed").exists()


def test_without_hooks_the_project_creates_its_own_env_files(command: Command, tmp_path: Path) -> None:
    assert command("--no-input", "--accept-hooks", "no", "app_port=8000").exit_code == 1
    assert command("--no-input", "--accept-hooks", "no").exit_code == 0
    project = tmp_path / "out" / "my_django_project"
    assert not (project / ".envs" / "development.env").exists()
    subprocess.run([sys.executable, "scripts/create_env_files.py"], cwd=project, check=True)
    without = env_files(project)
    shutil.rmtree(project)
    assert command("--no-input").exit_code == 0
    names = re.compile(rb"^\w+=", re.MULTILINE)
    for name, content in env_files(project).items():
        assert names.findall(without[name]) == names.findall(content)


def test_an_unknown_answer_is_rejected(command: Command, rejected: Rejected, tmp_path: Path) -> None:
    assert rejected(aap_port="8081").startswith(
        '"aap_port" is not an answer of this template; use one of project_name, project_slug,'
    )
    assert rejected(__volumes="x").startswith('"__volumes" is not an answer of this template')
    config = tmp_path / "config.yaml"  # where an answer may be the name of another template
    config.write_text(config.read_text() + "default_context: {full_name: Ada}\n")
    assert command("--no-input").exit_code == 0


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("{app_port: 8081, description: 42, project_name: Corner Shop}", ""),
        (
            "{description: '{{ 6 * 7 }}'}",
            'description = "{{ 6 * 7 }}" contains {{, which Cookiecutter reads as template',
        ),
        ("{app_port: 80}", 'app_port = "80" is a port that needs'),
        ("{description: true}", "description = true is not text; put it in quotes"),
        ("{description: {a: b}}", "description = null is not text; put it in quotes"),
        ("{production_dsn: 'https://ada:hunter2@host'}", "production_dsn = "),
    ],
)
def test_answers_of_a_configuration_file_are_checked_too(
    command: Command, tmp_path: Path, given: str, message: str
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(config.read_text() + f"default_context: {given}\n")
    result = command("--no-input")
    if message:
        assert result.exit_code == 1
        [line] = result.output.splitlines()
        assert line.startswith(message)
        assert "hunter2" not in line
        assert list((tmp_path / "out").iterdir()) == []
    else:
        assert result.exit_code == 0, result.output
        [project] = (tmp_path / "out").iterdir()
        description = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]["description"]
        assert description == "42"


def test_a_zip_of_the_template_bakes(tmp_path: Path) -> None:
    archive = tmp_path / "template.zip"
    git = ["git", "-C", str(TEMPLATE), "archive", "--prefix=django-glitchtip/", f"--output={archive}", "HEAD"]
    subprocess.run(git, check=True)
    config = tmp_path / "config.yaml"
    config.write_text(json.dumps({"replay_dir": str(tmp_path), "cookiecutters_dir": str(tmp_path / "templates")}))
    command: list[str | Path] = [*COOKIECUTTER, archive, "--no-input", "--config-file", config, "-o", tmp_path]
    subprocess.run(command, check=True, capture_output=True)
    assert (tmp_path / "my_django_project" / ".envs" / "production.env").exists()
    rejected = subprocess.run([*command, "app_port=80"], capture_output=True, text=True)
    assert (
        rejected.stderr
        == 'app_port = "80" is a port that needs administrator privileges; choose one from 1024 to 65535\n'
    )


def test_a_path_may_have_spaces_and_letters_of_any_script(tmp_path: Path) -> None:
    folder = tmp_path / "Zoë's prøjects $HOME" / "проект 🎉"
    printed, _ = bake("--output-dir", folder)
    project = folder / "my_django_project"
    cd = next(line.strip() for line in printed.splitlines() if line.startswith("  cd "))
    if os.name != "nt":
        where = subprocess.run(["sh", "-c", f"{cd} && pwd"], check=True, capture_output=True, text=True).stdout
        assert where == f"{project}\n"
        before = env_files(project)
        subprocess.run(["make", "env"], cwd=project, check=True)
        assert env_files(project) == before


def mounted(options: str) -> list[str]:
    """Return a command prefix that runs the rest with a private tmpfs on /mnt."""
    script = f'mount -t tmpfs -o {options} tmpfs /mnt && exec "$@"'
    command = ["unshare", "--mount", "--map-root-user", "sh", "-c", script, "sh"]
    if not shutil.which("unshare") or subprocess.run([*command, "true"], capture_output=True).returncode:
        pytest.skip("no mount is allowed here: a read-only disk was not tried")
    return command


def test_a_read_only_disk_is_named_before_anything_is_written() -> None:
    script = 'cd /tmp; "$@"; code=$?; ls -A /mnt; exit $code'
    prefix = [*mounted("ro"), "sh", "-c", script, "sh"]
    printed, line = bake("--output-dir", "/mnt", prefix=prefix, code=1)
    assert printed == ""
    assert line == '"/mnt" is not writable; make it writable, or choose another with --output-dir\n'


@pytest.mark.skipif(os.name == "nt", reason="Windows has no RLIMIT_FSIZE; a disk that fills up was not tried")
def test_an_env_file_is_written_completely_or_not_at_all(baked: Bake, tmp_path: Path) -> None:
    (tmp_path / ".envs").mkdir()
    (tmp_path / "scripts").mkdir()
    script = shutil.copy(baked().path / "scripts" / "create_env_files.py", tmp_path / "scripts")
    limited = f"import resource, runpy; resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)); runpy.run_path({script!r}, run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", limited], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == f"{tmp_path / '.envs' / 'development.env'} cannot be written: File too large\n"
    assert list((tmp_path / ".envs").iterdir()) == []


def test_two_bakes_at_once_leave_one_whole_project(tmp_path: Path) -> None:
    command: list[str | Path] = [*bake_command(), "-o", tmp_path]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    ended = [(process.communicate(), process.returncode) for process in both]
    for (printed, _), code in ended:
        assert code == 0 or "directory already exists" in printed
    assert 0 in [code for _, code in ended]
    project = tmp_path / "my_django_project"
    for content in env_files(project).values():
        assert content.count(b"SECRET_KEY=") == 2  # Django's and GlitchTip's: one complete file, not a mix of two
    subprocess.run([sys.executable, "-m", "compileall", "-q", project], check=True)


def test_another_answers_module_in_the_users_folder_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "answers.py").write_text("raise SystemExit('somebody else')")
    bake(cwd=tmp_path)
    assert (tmp_path / "my_django_project" / "manage.py").exists()


def test_a_rejected_answer_leaves_nothing_where_failed_projects_are_kept(command: Command, tmp_path: Path) -> None:
    assert command("--no-input", "--keep-project-on-failure", "app_port=80").exit_code == 1
    assert list((tmp_path / "out").iterdir()) == []
