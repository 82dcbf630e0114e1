"""What the campaigns share: their options, the programs, the cell that is run, and their one row.

A campaign is an executable file beside this one. It takes --rounds, --seed, --short, --build and
--keep, prints what went wrong as it meets it, and ends with the row that ./run puts into its table:

    campaign         tried   held  silent  crashed
"""
import argparse
import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile

HEADING = f"{'campaign':<24} {'tried':>7} {'held':>7} {'silent':>7} {'crashed':>8}"

# One cell of table 3 at smoke scale on text that is made here, so that nothing is fetched: 16 jobs
# of every kind but the probe.
CELL = ["table3", "--scale", "smoke", "--set", 'models=["qwen_moe"]', "--set", 'corpora=["c4"]',
        "--set", "scale.corpora.c4=torture", "--set", "arm.disco.cluster.embedding=model",
        "--set", "arm.disco.cluster.minimum_share=0"]

# What a run's DONE does not seal: logs, marks, and what only a running job uses.
UNSEALED = {"DONE", "FAILED", ".lock", "stdout.log", "stderr.log"}

# The exit codes that the programs document.
DOCUMENTED = {0, 1, 2, 3, 4, 5, 6, 7, 64, 130}


class Row:
    """What a campaign counts. Held: as before, or refused in words. Silent: a number changed, or a
    reason was lost, and nothing was said. Crashed: a signal, a code that no document has, no end."""

    def __init__(self, name):
        self.name = name
        self.held = self.silent = self.crashed = 0

    def hold(self):
        self.held += 1

    def tell(self, kind, what):
        setattr(self, kind, getattr(self, kind) + 1)
        print(f"{kind}: {what}", flush=True)

    @property
    def tried(self):
        return self.held + self.silent + self.crashed

    def text(self):
        return (f"{self.name:<24} {self.tried:>7} {self.held:>7} {self.silent:>7} "
                f"{self.crashed:>8}")

    def finish(self):
        print(self.text())
        sys.exit(1 if self.silent or self.crashed else 0)


def options_of(doc, rounds, short):
    """The command line of a campaign of so many rounds, by default and as the short part of ctest."""
    parser = argparse.ArgumentParser(description=doc,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, help=f"default {rounds}")
    parser.add_argument("--short", action="store_true", help=f"{short} rounds")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--keep", type=pathlib.Path, help="work in this folder and leave it")
    options = parser.parse_args()
    options.rounds = options.rounds or (short if options.short else rounds)
    random.seed(options.seed)
    return options


class Programs:
    """The programs of a build, with a cache and a library of their own below `folder`."""

    def __init__(self, build, folder):
        self.root = pathlib.Path(__file__).resolve().parents[2]
        self.folder = folder
        self.repro = str((self.root / build / "repro").resolve())
        self.worker = str((self.root / build / "repro-worker").resolve())
        # No gnuplot on the path: figures take longer than all the rest.
        self.environment = dict(os.environ, XDG_CACHE_HOME=str(folder / "cache"),
                                XDG_DATA_HOME=str(folder / "data"), OMP_WAIT_POLICY="passive",
                                PATH=self.path_without_gnuplot())

    def path_without_gnuplot(self):
        tools = self.folder / "tools"
        if not tools.exists():
            tools.mkdir(parents=True)
            for name in ("python3", "apt-get", "env", "sh"):
                if found := shutil.which(name):
                    (tools / name).symlink_to(found)
        return str(tools)

    def run(self, *words, program=None, timeout=900, **more):
        """The ended process; exit code None when it did not end in time."""
        environment = dict(self.environment, **more)
        try:
            return subprocess.run([program or self.repro, *map(str, words)], capture_output=True,
                                  text=True, errors="replace", cwd=self.root, env=environment,
                                  timeout=timeout)
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(words, None, "", "no end")

    def must(self, *words):
        done = self.run(*words, timeout=3600)
        if done.returncode != 0:
            sys.exit(f"repro {' '.join(map(str, words))}: exit {done.returncode}: {done.stderr}")
        return done.stdout

    def run_cell(self, runs):
        """The cell, finished, in a new folder."""
        text = self.folder / "text.jsonl"
        if not text.exists():
            text.write_text("".join(json.dumps({"text": a_text(i)}) + "\n" for i in range(1200)))
            self.must("data", "import", "torture", text, "--scale", "smoke", "--runs",
                      self.folder / "import")
        self.must("run", *CELL, "--runs", runs)


def a_text(number):
    """Some words of a made-up language: the same for the same number."""
    chance = random.Random(number)
    words = [a_word(chance.randrange(60) * chance.randrange(60)) for _ in range(60)]
    return f"It is said that {number} " + " ".join(words) + " of the house."


def a_word(number):
    chance = random.Random(-1 - number)
    return "".join(chance.choice("bdfgklmnprstvz") + chance.choice("aeiou")
                   for _ in range(chance.randrange(1, 4)))


def seal(run):
    """Writes DONE as a worker does."""
    files = {}
    for path in sorted(run.iterdir()):
        if path.is_file() and path.name not in UNSEALED:
            data = path.read_bytes()
            files[path.name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (run / "DONE").write_text(json.dumps({"schema": 3, "files": files}, indent=1) + "\n")


def jobs_of(runs):
    return sorted(path for path in runs.iterdir() if (path / "job.json").exists())


def unfinished_copy(cell, runs):
    """A copy in which three jobs are to be done again."""
    to_do = ("train-qwen_moe-c4-full-", "eval-qwen_moe-c4-full-", "cluster-")
    shutil.rmtree(runs, ignore_errors=True)
    shutil.copytree(cell, runs)
    for run in jobs_of(runs):
        if run.name.startswith(to_do):
            shutil.rmtree(run)


def without_clocks(value):
    """A result or a record without what another run of the same job may have otherwise."""
    clocks = {"seconds", "clocks", "tokens_per_second", "peak_memory_bytes", "time_ms", "communication_seconds"}
    if isinstance(value, dict):
        return {key: without_clocks(one) for key, one in value.items() if key not in clocks}
    return [without_clocks(one) for one in value] if isinstance(value, list) else value


def numbers_of(runs):
    """What may not change: by run, its result, its step and eval records, its weights and shards."""
    found = {}
    for job in jobs_of(runs):
        if not (job / "DONE").exists():
            found[job.name] = None
            continue
        numbers = {"result": without_clocks(json.loads((job / "result.json").read_text()))}
        if job.name.startswith("train-"):
            lines = map(json.loads, (job / "records.jsonl").read_text().splitlines())
            numbers["records"] = [without_clocks(line) for line in lines
                                  if line["event"] in ("step", "eval")]
            numbers["ends"] = (job / "mlperf.log").read_text().count('"run_stop"')
        for file in ("model.safetensors", "clusters.bin", "train.tokens", "tokenizer.model"):
            if (job / file).exists():
                numbers[file] = hashlib.sha256((job / file).read_bytes()).hexdigest()
        found[job.name] = numbers
    return found


def first_difference(expected, found):
    for name in sorted(expected.keys() | found.keys()):
        one, other = expected.get(name), found.get(name)
        if one != other:
            parts = [part for part in (one or {}) if not other or one[part] != other.get(part)]
            return f"{name}: {', '.join(parts) or 'another run'}"
    return None


def crash_of(done):
    """What is wrong with how a program ended; None when it ended as documented."""
    if done.returncode is None:
        return "did not end"
    if done.returncode not in DOCUMENTED:
        return f"ended with {done.returncode}: {done.stderr.strip()[-200:]}"
    if "terminate called" in done.stderr:
        return done.stderr.strip()[-200:]
    return None


def scratch(options):
    """The folder to work in, as a context."""
    if options.keep is None:
        return tempfile.TemporaryDirectory(prefix="repro-torture-", ignore_cleanup_errors=True)
    options.keep.mkdir(parents=True, exist_ok=True)

    class Kept:
        def __enter__(self):
            return str(options.keep.resolve())

        def __exit__(self, *_):
            pass

    return Kept()


def finished_cell(options, folder):
    """The programs and a finished cell in `folder`, made unless it is there."""
    programs = Programs(options.build, pathlib.Path(folder))
    cell = programs.folder / "cell"
    if not (cell / "whole").exists():
        shutil.rmtree(cell, ignore_errors=True)
        programs.run_cell(cell)
        (cell / "whole").touch()
    return programs, cell
