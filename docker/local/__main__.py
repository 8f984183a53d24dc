"""``python3 -m local <command>``: what ``make`` calls."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from local import settings as settings_module
from local import stack
from local.problem import Problem, say, show
from local.settings import Settings

INTERRUPTED = 130


def _up(settings: Settings) -> None:
    with stack.at_work(settings):
        result = stack.up(settings)
    admin = result["users"][0]
    say(f"\nEl portal está en {result['url']} (listo en {result['seconds']} s).")
    say(f"Entre como «{admin['name']}» con la contraseña {admin['password']}; deténgalo con make stop.")


def _install(settings: Settings) -> None:
    with stack.at_work(settings):
        stack.install(settings)


def _demo(settings: Settings) -> None:
    from local import demo

    demo.main(settings)


def _test(settings: Settings) -> None:
    from local import lanes

    sys.exit(lanes.run(settings))


COMMANDS: dict[str, Callable[[Settings], None]] = {
    "up": _up,
    "install": _install,
    "demo": _demo,
    "stop": stack.stop,
    "clean": stack.clean,
    "test": _test,
}


def main() -> int:
    """Run the command; 0 when it is done, 2 when something a person can mend stopped it, 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(prog="local", description="El portal completo en esta máquina.")
    parser.add_argument("command", choices=COMMANDS)
    chosen = parser.parse_args().command
    try:
        COMMANDS[chosen](settings_module.from_environment())
    except Problem as problem:
        show(problem)
        return 2
    except KeyboardInterrupt:
        say("\nInterrumpido: lo que esta orden había iniciado se detuvo; repítala cuando quiera.")
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
