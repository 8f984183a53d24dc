"""``python3 -m local <command>``: what ``make`` calls."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from local import settings as settings_module
from local import stack
from local.problem import Problem, say, show
from local.settings import Settings

NOTHING_DONE = 2
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


def _test(settings: Settings, *names: str) -> int:
    from local import lanes

    return lanes.run_all(settings, names)


def _lane(settings: Settings, name: str) -> int:
    from local import lanes

    return lanes.run_one(settings, name)


def _seed(settings: Settings, size: str = "") -> None:
    from local import seed

    seed.main(settings, size)


def _bench(settings: Settings, *words: str) -> int:
    from local import bench

    return bench.main(settings, *words)


def _pins(settings: Settings) -> None:
    from local import pins

    with stack.at_work(settings):
        stack.install(settings)
        pins.make(settings)


def _upgrade_fixture(settings: Settings) -> None:
    from local import upgrade_fixture

    upgrade_fixture.main(settings)


COMMANDS: dict[str, Callable[..., int | None]] = {
    "up": _up,
    "install": _install,
    "demo": _demo,
    "stop": stack.stop,
    "clean": stack.clean,
    "test": _test,
    "lane": _lane,
    "pins": _pins,
    "seed": _seed,
    "bench": _bench,
    "upgrade-fixture": _upgrade_fixture,
}


def main() -> int:
    """Run the command; 0 when it is done, 2 when something a person can mend stopped it, 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(prog="local", description="El portal completo en esta máquina.")
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument(
        "names", nargs="*", help="líneas de pruebas, mediciones o una cantidad / lanes, benchmarks or a number"
    )
    chosen = parser.parse_args()
    try:
        return COMMANDS[chosen.command](settings_module.from_environment(), *chosen.names) or 0
    except Problem as problem:
        show(problem)
        return NOTHING_DONE
    except KeyboardInterrupt:
        say("\nInterrumpido: lo que esta orden había iniciado se detuvo; repítala cuando quiera.")
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
