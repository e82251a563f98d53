"""`make doctor`: what is missing on this machine, and how to mend it.

Runs with whatever Python there is, before anything is installed: the standard library only.
"""

import os
import platform
import shutil
import socket
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
VENV_PYTHON = os.path.join(ROOT, ".venv", "bin", "python")  # noqa: PTH118
GB = 1 << 30
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

TEXTS = {
    "en": {
        "ok": "ok",
        "bad": "MEND",
        "warn": "look",
        "python": "Python {0}",
        "python_bad": "Python {0}: 3.11, 3.12 or 3.13 is needed. Install one and name it: make run PYTHON=python3.12",
        "tool": "{0} is there",
        "tool_bad": "{0} is missing. Debian, Ubuntu, WSL: sudo apt install {0}. macOS: xcode-select --install",
        "venv_module_bad": "Python's venv module is missing. Debian, Ubuntu: sudo apt install python3-venv",
        "venv_module": "Python's venv module",
        "disk": "{0:.0f} GB of disk are free",
        "disk_bad": "{0:.1f} GB of disk are free; environment and runs take 4 GB",
        "memory": "{0:.0f} GB of memory",
        "memory_bad": "{0:.1f} GB of memory: Airflow needs about 2 GB free. Close the browser, or leave it out: "
        'make run ARGS="--engines scripts,dvc,prefect,kubeflow"',
        "browser": "a browser that prints",
        "browser_warn": "no chromium: slides get no PDF, and the tests in a browser are left out. "
        "Debian, Ubuntu, WSL: sudo apt install chromium",
        "namespaces": "namespaces",
        "namespaces_warn": "this system lets nobody make namespaces: make grade runs submissions with the network and your "
        "files within reach, and the tests of that are left out. To work through the lessons they are not needed",
        "port": "port {0} is free",
        "port_warn": "port {0} ({1}) is in use. The kit takes another; if your own server runs there, all is well",
        "windows_bad": "Windows without WSL: Airflow does not run here. Install WSL 2 (wsl --install), clone the kit inside it",
        "system": "{0}",
        "wsl_mount_warn": "the kit lies on a Windows disk ({0}); everything is slow there. Clone it into your Linux home",
        "conda_warn": "the conda environment {0} is active. The kit uses its own .venv; if in doubt: conda deactivate",
        "variable_warn": "the variable {0} is set ({1}); the kit ignores it, your own commands do not",
        "conda": "no conda environment shadows ours",
        "installed": ".venv is what requirements.lock says",
        "installed_warn": ".venv is not there yet or is outdated: make setup",
        "moved_bad": ".venv was made in another folder ({0}): make setup makes it anew",
        "end_ok": "Nothing to mend.",
        "end_bad": "Mend what is marked MEND and run again.",
    },
    "ru": {
        "ok": "ок",
        "bad": "ИСПРАВИТЬ",
        "warn": "внимание",
        "python": "Python {0}",
        "python_bad": "Python {0}: нужен 3.11, 3.12 или 3.13. Установите и укажите его: make run PYTHON=python3.12",
        "tool": "{0} на месте",
        "tool_bad": "нет {0}. Debian, Ubuntu, WSL: sudo apt install {0}. macOS: xcode-select --install",
        "venv_module_bad": "нет модуля venv. Debian, Ubuntu: sudo apt install python3-venv",
        "venv_module": "модуль venv на месте",
        "disk": "на диске свободно {0:.0f} ГБ",
        "disk_bad": "на диске свободно {0:.1f} ГБ; окружению и запускам нужно 4 ГБ",
        "memory": "памяти {0:.0f} ГБ",
        "memory_bad": "памяти {0:.1f} ГБ: Airflow нужно около 2 ГБ свободных. Закройте браузер или запустите без него: "
        'make run ARGS="--engines scripts,dvc,prefect,kubeflow"',
        "browser": "браузер, который печатает",
        "browser_warn": "нет chromium: у слайдов не будет PDF, тесты в браузере пропускаются. "
        "Debian, Ubuntu, WSL: sudo apt install chromium",
        "namespaces": "пространства имён",
        "namespaces_warn": "система не даёт создавать пространства имён: работы студентов при make grade видят сеть и "
        "ваши файлы, а тесты этого пропускаются. Для занятий они не нужны",
        "port": "порт {0} свободен",
        "port_warn": "порт {0} ({1}) занят. Возьмём другой; если там ваш собственный сервер, всё в порядке",
        "windows_bad": "Windows без WSL: Airflow не работает. Поставьте WSL 2 (wsl --install) и клонируйте проект внутри него",
        "system": "{0}",
        "wsl_mount_warn": "проект лежит на диске Windows ({0}), там всё медленно. Клонируйте его в домашнюю папку Linux",
        "conda_warn": "активно окружение conda {0}. У проекта своё .venv; если что-то не так: conda deactivate",
        "variable_warn": "задана переменная {0} ({1}); наши запуски её не видят, а ваши команды увидят",
        "conda": "окружение conda не мешает",
        "installed": ".venv совпадает с requirements.lock",
        "installed_warn": ".venv ещё нет или оно устарело: make setup",
        "moved_bad": ".venv создано в другой папке ({0}): make setup сделает его заново",
        "end_ok": "Исправлять нечего.",
        "end_bad": "Исправьте то, что отмечено словом ИСПРАВИТЬ, и проверьте ещё раз.",
    },
}


def check_system(environ):
    """Yield findings (state, key, values) about system, Python and tools."""
    if platform.system() == "Windows":
        yield "bad", "windows_bad", ()
    else:
        yield "ok", "system", (platform.system() + " " + platform.release(),)
    if "microsoft" in platform.release().lower() and ROOT.startswith("/mnt/"):
        yield "warn", "wsl_mount_warn", (ROOT,)
    version = platform.python_version()
    fits = (3, 11) <= sys.version_info[:2] <= (3, 13)
    yield ("ok", "python", (version,)) if fits else ("bad", "python_bad", (version,))
    try:
        import ensurepip  # noqa: F401

        yield "ok", "venv_module", ()
    except ImportError:
        yield "bad", "venv_module_bad", ()
    for tool in ("git", "make"):
        yield ("ok", "tool", (tool,)) if shutil.which(tool, path=environ.get("PATH")) else ("bad", "tool_bad", (tool,))
    browser = any(shutil.which(name, path=environ.get("PATH")) for name in BROWSERS)
    yield ("ok", "browser", ()) if browser else ("warn", "browser_warn", ())
    yield ("ok", "namespaces", ()) if has_namespaces(environ) else ("warn", "namespaces_warn", ())


def has_namespaces(environ):
    """Whether a process may cut itself off from the network and from others, as submissions are."""
    unshare = shutil.which("unshare", path=environ.get("PATH"))
    command = [unshare, "--map-root-user", "--net", "--mount", "--pid", "--ipc", "--fork", "--mount-proc", "true"]
    return bool(unshare) and subprocess.call(command, stderr=subprocess.DEVNULL) == 0


def check_room():
    """Yield findings about disk, memory and ports."""
    free = shutil.disk_usage(ROOT).free / GB
    yield ("ok", "disk", (free,)) if free >= 4 else ("bad", "disk_bad", (free,))
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / GB
        yield ("ok", "memory", (memory,)) if memory >= 3.5 else ("bad", "memory_bad", (memory,))
    for port, user in ((8888, "JupyterLab"), (8080, "Airflow"), (4200, "Prefect")):
        with socket.socket() as probe:
            used = probe.connect_ex(("127.0.0.1", port)) == 0
        yield ("warn", "port_warn", (port, user)) if used else ("ok", "port", (port,))


def check_environment(environ):
    """Yield findings about what is installed and what might shadow it."""
    conda = environ.get("CONDA_DEFAULT_ENV") if environ.get("CONDA_PREFIX") else None
    yield ("warn", "conda_warn", (conda,)) if conda else ("ok", "conda", ())
    for name in ("PYTHONPATH", "PYTHONHOME", "AIRFLOW_HOME", "PREFECT_API_URL", "MLFLOW_TRACKING_URI"):
        if environ.get(name):
            yield "warn", "variable_warn", (name, environ[name])
    place = _read(os.path.join(ROOT, ".venv", "location"))  # noqa: PTH118
    if place and place != ROOT:
        yield "bad", "moved_bad", (place,)
        return
    same = _read(os.path.join(ROOT, "requirements.lock")) == _read(os.path.join(ROOT, ".venv", "installed.lock"))  # noqa: PTH118
    works = os.path.exists(VENV_PYTHON) and subprocess.call([VENV_PYTHON, "-c", ""]) == 0  # noqa: PTH110
    yield ("ok", "installed", ()) if same and works else ("warn", "installed_warn", ())


def _read(path):
    try:
        with open(path, encoding="utf-8") as stream:  # noqa: PTH123
            return stream.read().strip()
    except OSError:
        return None


def main(arguments, environ):
    """Print the findings and give 0, or 1 if something must be mended."""
    lang = "ru" if environ.get("LC_ALL", environ.get("LANG", "")).startswith("ru") else "en"
    if arguments[:1] == ["--lang"] and arguments[1:] and arguments[1] in TEXTS:
        lang = arguments[1]
    elif arguments:
        print("usage: doctor.py [--lang ru|en]")
        return 0 if arguments[0] in ("-h", "--help") else 2
    texts = TEXTS[lang]
    bad = 0
    for part in (check_system(environ), check_room(), check_environment(environ)):
        for state, key, values in part:
            bad += state == "bad"
            print(f"{texts[state]:<10} {texts[key].format(*values)}")
    print(texts["end_bad" if bad else "end_ok"])
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
