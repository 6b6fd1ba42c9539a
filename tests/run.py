#!/usr/bin/python3
"""run.py STEP... -- runs the tests and counts them.

Steps: lint unit core stress fuzz system talk clients fault fault-long asan
ubsan tsan memcheck, or all.  Each check of lint, each cmocka test and each
pytest test counts as one.  The last line of the output is "N passed, N failed".
STRESS_SECONDS (5) is how long stress runs under each checker.
"""
import concurrent.futures
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree

CPUS = os.cpu_count()
ROOT = pathlib.Path(__file__).resolve().parent.parent
OUT = ROOT / "build" / "test"
ALL = ["lint", "unit", "core", "stress", "fuzz", "system", "talk", "clients",
       "fault", "asan", "tsan", "memcheck"]
SANITIZERS = {
    "asan": "-fsanitize=address,undefined",
    "ubsan": "-fsanitize=undefined",
    "tsan": "-fsanitize=thread",
}
SANITIZE = " -fno-sanitize-recover=all -fno-omit-frame-pointer"
VALGRIND = ("valgrind -q --error-exitcode=99 --trace-children=yes "
            "--trace-children-skip=/bin/*,/usr/bin/* "
            "--child-silent-after-fork=no --vgdb=no --num-callers=30 "
            f"--suppressions={ROOT}/tests/valgrind.supp ")
# Unit tests fork children that end in the middle of things; their leaks are
# AddressSanitizer's to find.
VALGRIND_UNITS = VALGRIND + "--leak-check=no"
VALGRIND_DAEMONS = (VALGRIND + "--leak-check=full --show-leak-kinds=definite "
                    "--errors-for-leak-kinds=definite")
# What the threads of the core share is where TSan looks.
TSAN_UNITS = ["fiber", "log", "meter", "port", "ring", "service_crowd",
              "stack", "switch", "tally", "timer", "tls", "tls_offload",
              "worker"]

# More failures than this are no accident of a busy machine, nor is any with
# such words in its output.
UNSTEADY_MOST = 3
GRAVE_UNIT = re.compile(r"Sanitizer|runtime error:|==\d+==|\bpanic\b")


class Report:
    """What passed and what failed so far."""

    def __init__(self):
        self.passed = 0
        self.failed = []
        self.unsteady = []

    def line(self, name, passed, failed, seconds, output):
        """One program's result; its output is shown where it failed."""
        self.passed += passed
        self.failed += [name] * failed
        print(f"{'FAIL' if failed else 'ok':4} {name:32} "
              f"{passed:4} passed {seconds:7.1f} s", flush=True)
        if failed:
            print(*("     | " + line for line in output.splitlines()[-60:]),
                  sep="\n", flush=True)


def execute(command, env=None):
    """Runs a command; returns its exit code, its output and its seconds."""
    start = time.monotonic()
    env = {**os.environ, **(env or {})}
    for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
        env.pop(name, None)  # of a make that runs us: not for one we run
    done = subprocess.run(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", check=False)
    return done.returncode, done.stdout, time.monotonic() - start


def lint(report):
    """Each file of tests/lint that can be run is a check."""
    for check in sorted((ROOT / "tests" / "lint").iterdir()):
        if check.is_file() and os.access(check, os.X_OK):
            code, output, seconds = execute([str(check)])
            report.line(f"lint {check.stem}", code == 0, code != 0, seconds,
                        output)


def make(report, build, flags, *targets):
    """Builds into a folder of its own; a failure counts as a failed test."""
    command = ["make", "-s", "-j2", f"B={build}", *targets]
    if flags:
        command += [f"EXTRA_CFLAGS={flags}", "CFLAGS=-O1 -g"]
    code, output, seconds = execute(command)
    if code:
        report.line(f"{build} {' '.join(targets)}", 0, 1, seconds, output)
    return code == 0


def units(report, name, build, flags="", runner="", only=None):
    """The cmocka programs of tests/unit."""
    names = sorted(path.stem for path in (ROOT / "tests/unit").glob("*.c"))
    if only:
        names = [n for n in names if n in {f"common_{o}" for o in only}]
    if not make(report, build, flags, *(f"{build}/unit/{n}" for n in names)):
        return

    def run(unit):
        code, output, seconds = execute(
            [*runner.split(), str(ROOT / build / "unit" / unit)],
            {"CMOCKA_MESSAGE_OUTPUT": "tap", **options()})
        return (*count_unit(code, output), seconds, output)

    # Some of them wait more than they compute.
    with concurrent.futures.ThreadPoolExecutor(CPUS + 1) as pool:
        results = dict(zip(names, pool.map(run, names)))
    bad = [unit for unit, (_, failed, *_) in results.items() if failed]
    few = len(bad) <= UNSTEADY_MOST
    for unit, (passed, failed, seconds, output) in results.items():
        if failed and few and not GRAVE_UNIT.search(output) and not any(
                run(unit)[1] for _ in range(3)):
            print(f"---- {unit}, which then passed three times:", output,
                  sep="\n", flush=True)
            report.unsteady.append(f"{name} {unit}")
            passed, failed = passed + failed, 0
        report.line(f"{name} {unit}", passed, failed, seconds, output)


def count_unit(code, output):
    """How many tests of a cmocka program passed, and failed."""
    passed = len(re.findall(r"^ok ", output, re.M))
    # cmocka writes a skipped test as "not ok N # SKIP".
    failed = len(re.findall(r"^not ok \d+ (?!# SKIP)", output, re.M))
    if code or not (passed or "# SKIP" in output):
        failed = max(failed, 1)
    return passed, failed


def options(leaks=True):
    """How the sanitizers' runtimes behave.  A process without rights can't
    look for its leaks at its end: memcheck does."""
    supp = ROOT / "tests"
    return {
        "ASAN_OPTIONS": f"detect_leaks={leaks:d}:quarantine_size_mb=4:"
                        "strict_string_checks=1:abort_on_error=1",
        "LSAN_OPTIONS": f"suppressions={supp}/lsan.supp:print_suppressions=0",
        "UBSAN_OPTIONS": "print_stacktrace=1",
        "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
    }


def again(command, env, failures):
    """Whether few tests failed, none of them gravely, and all pass three times
    in a row with the machine to themselves."""
    tests = [line.split(" ", 1) for line in failures.read_text().splitlines()]
    if not 0 < len(tests) <= UNSTEADY_MOST or \
            any(kind == "grave" for kind, _ in tests):
        return []
    names = list(dict.fromkeys(name for _, name in tests))
    for turn in range(1, 4):
        print(f"---- again, {turn} of 3: {' '.join(names)}", flush=True)
        if subprocess.run([*command, *names], cwd=ROOT / "tests", env=env,
                          stdin=subprocess.DEVNULL, check=False).returncode:
            return []
    return names


def pytests(report, name, folders, build="build", flags="", runner="",
            load=1.0, targets=("all",), jobs=CPUS):
    """Tests over the real processes, of one build and under one runner; jobs:
    how many at a time."""
    if not make(report, build, flags, *targets):
        return
    result = OUT / f"{name.replace(' ', '-')}.xml"
    failures = result.with_suffix(".failed")
    result.unlink(missing_ok=True)
    failures.write_text("")
    env = {**os.environ, **(options(leaks=False) if flags else {}),
           "RINGMAIL_BUILD": str(ROOT / build), "RINGMAIL_RUNNER": runner,
           "RINGMAIL_LOAD": str(load), "RINGMAIL_FAILURES": str(failures)}
    command = [sys.executable, "-m", "pytest", "--no-header", "--tb=short",
               "-q", "-p", "no:cacheprovider", f"--rootdir={ROOT}/tests"]
    print(f"---- {name}", flush=True)
    start = time.monotonic()
    code = subprocess.run(
        [*command, "--durations=5", f"-n{jobs}", f"--junitxml={result}",
         *(f"tests/{folder}" for folder in folders)], cwd=ROOT, env=env,
        stdin=subprocess.DEVNULL, check=False).returncode
    passed = failed = 0
    if result.exists():
        suite = xml.etree.ElementTree.parse(result).getroot().find("testsuite")
        failed = int(suite.get("failures")) + int(suite.get("errors"))
        passed = int(suite.get("tests")) - failed - int(suite.get("skipped"))
    if code and not failed:
        failed = 1
    if code == 1 and (unsteady := again(command, env, failures)):
        report.unsteady += [f"{name}: {test}" for test in unsteady]
        passed, failed = passed + len(unsteady), 0
    report.line(name, passed, failed, time.monotonic() - start, "")


def sanitizer(report, name):
    """Unit and system tests of a build with AddressSanitizer or UBSan."""
    flags, build = SANITIZERS[name] + SANITIZE, f"build/{name}"
    units(report, name, build, flags)
    pytests(report, f"{name} system", ["system", "talk"], build, flags,
            load=0.1, jobs=CPUS + 1)


def faults(report, name, length):
    """Stops, kills, faults and damage; length: how many times as much."""
    os.environ["RINGMAIL_FAULT_LONG"] = str(length)
    pytests(report, name, ["fault"], targets=("all", "fault-programs"))


def memcheck(report):
    """Unit and system tests under Valgrind."""
    units(report, "memcheck", "build", runner=VALGRIND_UNITS)
    pytests(report, "memcheck system", ["system", "talk"],
            runner=VALGRIND_DAEMONS, load=0.02, jobs=CPUS + 1)


def counted(report, name, *args):
    """A make target that ends with a line "N passed, N failed"."""
    code, output, seconds = execute(["make", "-s", "-j2", *args], options())
    counts = re.findall(r"^(\d+) passed, (\d+) failed$", output, re.M)
    passed, failed = map(int, counts[-1]) if counts else (0, 1)
    if code:
        failed = max(failed, 1)
    report.line(name, passed, failed, seconds, output)


def core(report):
    """Proofs of the client core."""
    for target in "portable", "examples", "gdb", "planted", "model":
        counted(report, f"core {target}", target)


def stress(report):
    """The client core under random load and each checker."""
    length = f"STRESS_SECONDS={os.environ.get('STRESS_SECONDS', 5)}"
    slow = [length, "STRESS_LATE=60"]
    checked = {name: f"EXTRA_CFLAGS={flags}{SANITIZE}"
               for name, flags in SANITIZERS.items()}
    counted(report, "stress", "stress", *slow)
    counted(report, "stress asan", "stress", "B=build/asan", "CFLAGS=-O1 -g",
            checked["asan"], *slow)
    counted(report, "stress tsan", "stress", "B=build/tsan", "CFLAGS=-O1 -g",
            checked["tsan"], *slow)
    counted(report, "stress tsan clang", "stress", "B=build/clang-tsan",
            "CC=clang", "CFLAGS=-O1 -g", checked["tsan"], *slow)
    counted(report, "stress memcheck", "stress", f"RUNNER={VALGRIND}", *slow)
    counted(report, "stress helgrind", "helgrind", length)


STEPS = {
    "core": core,
    "stress": stress,
    "fuzz": lambda r: counted(r, "fuzz", "fuzz", "FUZZ_SECONDS=3"),
    "lint": lint,
    "unit": lambda r: units(r, "unit", "build"),
    "system": lambda r: pytests(r, "system", ["system"], jobs=2 * CPUS),
    "talk": lambda r: pytests(r, "talk", ["talk"], jobs=2 * CPUS),
    "clients": lambda r: pytests(r, "clients", ["clients"]),
    "fault": lambda r: faults(r, "fault", 1),
    "fault-long": lambda r: faults(r, "fault-long", 10),
    "asan": lambda r: sanitizer(r, "asan"),
    "ubsan": lambda r: sanitizer(r, "ubsan"),
    "tsan": lambda r: units(r, "tsan", "build/tsan",
                            SANITIZERS["tsan"] + SANITIZE, only=TSAN_UNITS),
    "memcheck": memcheck,
}


def main(steps):
    if not steps or not set(steps) <= {*STEPS, "all"}:
        sys.exit(f"usage: run.py {' | '.join(STEPS)} | all ...")
    OUT.mkdir(parents=True, exist_ok=True)
    # Who starts us may ignore his children's ends; ours count.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    report, start = Report(), time.monotonic()
    for step in ALL if "all" in steps else steps:
        print(f"== {step}", flush=True)
        STEPS[step](report)
    if report.failed:
        print("failed:", ", ".join(dict.fromkeys(report.failed)))
    print(f"took {(time.monotonic() - start) / 60:.1f} minutes")
    for test in report.unsteady:
        print("UNSTEADY, it failed once and then passed three times:", test)
    summary = f"{report.passed} passed, {len(report.failed)} failed"
    (OUT / "summary").write_text(summary + "\n")
    print(summary, flush=True)
    return bool(report.failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
