"""A throw-away Slurm cluster in a folder: munge, slurmctld and two slurmd, as root and without systemd."""
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol", "sinfo")
NODES = {"n1": "cheap", "n2": "costly"}


def find(name):
    return shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")


def why_not():
    """Why there can be no cluster here; None when there can."""
    missing = [name for name in PROGRAMS if not find(name)]
    if missing:
        return f"no {', '.join(missing)} here: apt-get install --no-install-recommends slurm-wlm munge"
    return None if os.geteuid() == 0 else "a cluster of this kind starts as root"


def alive(pid):
    """A zombie that nobody asks for is dead."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except (OSError, IndexError):
        return False


def until(condition, seconds, what):
    """Waits for a condition, and returns its value."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.05)
    raise TimeoutError(f"not within {seconds} s: {what}")


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def start_munge():
    """munged refuses to be root, and makes no folder for its socket."""
    if subprocess.run(["munge", "-n"], capture_output=True).returncode == 0:
        return
    munge = pwd.getpwnam("munge")
    os.makedirs("/run/munge", exist_ok=True)
    os.chown("/run/munge", munge.pw_uid, munge.pw_gid)
    os.chmod("/run/munge", 0o755)
    subprocess.run([find("munged")], user="munge", group="munge", extra_groups=[], check=True)


class Cluster:
    """Up while it is a context."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.conf = self.folder / "slurm.conf"
        self.environment = dict(os.environ, SLURM_CONF=str(self.conf))

    def __enter__(self):
        (self.folder / "state").mkdir(parents=True)
        text = (HERE / "slurm.conf.in").read_text().replace("@DIR@", str(self.folder))
        for number, port in enumerate(free_ports(3)):
            text = text.replace(f"@PORT{number}@", str(port))
        self.conf.write_text(text)
        start_munge()
        self.start_controller()
        for node in NODES:
            self.start_node(node)
        until(lambda: self.idle() == 2, 30, "two idle nodes")
        return self

    def __exit__(self, *_):
        try:
            self.call("scancel", "--user=root")
            until(lambda: not self.queue("running"), 10, "the end of all jobs")
        except (subprocess.SubprocessError, TimeoutError):
            pass
        for name in [f"slurmd.{node}" for node in NODES] + ["slurmctld"]:
            self.stop(name)
        self.kill_steps()

    def call(self, program, *words, check=True):
        done = subprocess.run([find(program), *words], env=self.environment, capture_output=True, text=True, timeout=60)
        if check and done.returncode != 0:
            raise subprocess.SubprocessError(f"{program}: {done.stderr.strip()}")
        return done.stdout

    def idle(self):
        counts = self.call("sinfo", "-h", "-t", "idle", "-o", "%D", check=False).split()
        return sum(map(int, counts))

    def resume_drained(self):
        """What an administrator does for nodes that Slurm has taken out: a controller that was killed may have forgotten
        its newest jobs, give their ids again, and find them on the node."""
        for line in self.call("sinfo", "-h", "-N", "-o", "%N %T", check=False).splitlines():
            node, state = line.split()
            if state.startswith("drain"):
                self.call("scontrol", "update", f"NodeName={node}", "State=RESUME", check=False)

    def queue(self, states="all"):
        """Lines of ID, name, state, partition, restarts."""
        text = self.call("squeue", "-h", "-r", "-t", states, "-o", "%F_%K|%j|%T|%P|%N")
        return [line.split("|") for line in text.splitlines()]

    def pid(self, name):
        try:
            return int((self.folder / f"{name}.pid").read_text())
        except (OSError, ValueError):
            return 0

    def start_controller(self):
        subprocess.run([find("slurmctld"), "-f", str(self.conf)], env=self.environment, check=True, capture_output=True)

    def start_node(self, node):
        subprocess.run([find("slurmd"), "-f", str(self.conf), "-N", node], env=self.environment, check=True,
                       capture_output=True)

    def stop(self, name, number=signal.SIGTERM):
        pid = self.pid(name)
        if not pid or not alive(pid):
            return
        os.kill(pid, number)
        try:
            until(lambda: not alive(pid), 10, f"the end of {name}")
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)

    def steps(self, node=None):
        """Processes that hold a job of this cluster, of one node or of all: they outlive its slurmd."""
        found = []
        for status in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = status.read_bytes().split(b"\0")
                environment = (status.parent / "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            ours = f"SLURM_CONF={self.conf}".encode() in environment
            step = words[0].startswith(b"slurmstepd")
            job = any(word.startswith(b"SLURM_JOB_ID=") for word in environment)
            there = node is None or f"SLURMD_NODENAME={node}".encode() in environment
            if ours and ((step and node is None) or (job and there)):
                found.append(int(status.parent.name))
        return found

    def kill_steps(self, node=None):
        for pid in self.steps(node):
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
