"""A cluster with Slurm on this machine alone: one node without systemd, cgroups or accounting, and GPUs in name only.

Slurm itself is real: it queues, starts, limits and kills jobs. The cores, memory and GPUs that the node claims are not.
"""

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "scontrol", "squeue", "scancel", "sinfo")
PACKAGES = ("munge", "slurmctld", "slurmd", "slurm-client")

#: Where Slurm's clients look for the configuration. It must be there: the plugin's own `srun` gets no SLURM_CONF.
SYSTEM_CONF = Path("/etc/slurm/slurm.conf")

#: Every GPU needs a device file, or Slurm drains the node; these files exist on every machine.
DEVICES = ("/dev/null", "/dev/zero")

CONF = """\
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
SlurmctldPort=16817
SlurmdPort=16818
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
MailProg=/bin/true
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
# A job that takes more memory than it asked for is killed.
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
SchedulerType=sched/builtin
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
GresTypes=gpu
# Finished jobs are remembered long enough to be read back.
MinJobAge=3600
KillWait=5
ReturnToService=2
SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 CPUs=16 Boards=1 SocketsPerBoard=1 CoresPerSocket=16 ThreadsPerCore=1 \
RealMemory=64000 Gres=gpu:{gpus} State=UNKNOWN
PartitionName=tests Nodes={host} Default=YES DefaultTime=10 MaxTime=600 State=UP
"""


@dataclass(frozen=True)
class Job:
    """What Slurm says about one job."""

    number: int
    state: str
    comment: str
    """Snakemake's name of the rule or group."""
    memory_mb: int
    minutes: int
    cores: int
    gpus: int


class Cluster:
    """Slurm's daemons, and requests to them."""

    def __init__(self, folder: Path) -> None:
        """Keep everything in an empty folder."""
        self.folder = folder
        self.host = socket.gethostname().split(".")[0]
        self._daemons: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start the daemons and wait until the node takes jobs.

        Raises:
            RuntimeError: a daemon is not ready within five minutes.
        """
        for name in ("state", "spool"):
            (self.folder / name).mkdir()
        # munge requires that everybody can reach its socket and nobody else can read its key.
        self.folder.chmod(0o755)
        key = self.folder / "munge.key"
        key.touch(0o600)
        key.write_bytes(os.urandom(128))
        conf = CONF.format(host=self.host, folder=self.folder, gpus=len(DEVICES))
        (self.folder / "slurm.conf").write_text(conf, encoding="utf-8")
        gres = "".join(f"NodeName={self.host} Name=gpu File={device}\n" for device in DEVICES)
        (self.folder / "gres.conf").write_text(f"AutoDetect=off\n{gres}", encoding="utf-8")
        (self.folder / "cgroup.conf").write_text("CgroupAutomount=no\n", encoding="utf-8")
        SYSTEM_CONF.parent.mkdir(exist_ok=True)
        SYSTEM_CONF.unlink(missing_ok=True)
        SYSTEM_CONF.symlink_to(self.folder / "slurm.conf")
        paths = {option: self.folder / f"munge.{option}" for option in ("socket", "pid-file", "log-file", "seed-file")}
        self._run("munged", "--foreground", f"--key-file={key}", *(f"--{name}={path}" for name, path in paths.items()))
        wait_until(paths["socket"].exists, seconds=300)
        self._run("slurmctld", "-D")
        wait_until(lambda: "UP" in self._ask("scontrol", "ping"), seconds=300)
        self._run("slurmd", "-D", "-N", self.host)
        wait_until(lambda: "idle" in self._ask("sinfo", "--noheader", "--format=%T"), seconds=300)

    def _run(self, *command: str) -> None:
        with (self.folder / f"{command[0]}.out").open("wb") as out:
            # slurmd looks for gres.conf beside the file that SLURM_CONF names, and follows no links.
            environment = os.environ | {"SLURM_CONF": str(self.folder / "slurm.conf")}
            self._daemons.append(subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=environment))

    def stop(self) -> None:
        """Cancel the jobs that are left, stop the daemons and remove the system's configuration."""
        for job in self.jobs("PENDING", "RUNNING"):
            self.cancel(job)
        for daemon in reversed(self._daemons):
            daemon.terminate()
            try:
                daemon.wait(20)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        if SYSTEM_CONF.is_symlink():
            SYSTEM_CONF.unlink()

    @staticmethod
    def _ask(*command: str) -> str:
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300).stdout

    def jobs(self, *states: str) -> list[Job]:
        """The jobs in one of the given states, or all jobs if none is given, in the order of their submission."""
        lines = self._ask("scontrol", "show", "job", "--oneliner").splitlines()
        found = sorted((parse(line) for line in lines if line.startswith("JobId=")), key=lambda job: job.number)
        return [job for job in found if not states or job.state in states]

    def cancel(self, job: Job) -> None:
        """Cancel a job as its owner would."""
        self._ask("scancel", str(job.number))

    def set_node(self, state: str) -> None:
        """Set the node `down`, or let it `resume`."""
        self._ask("scontrol", "update", f"nodename={self.host}", f"state={state}", "reason=test")


def parse(line: str) -> Job:
    """Read a line of `scontrol show job --oneliner`."""

    def field(pattern: str) -> str:
        found = re.search(pattern, line)
        return found[1] if found else ""

    hours, minutes, _ = field(r" TimeLimit=([\d:]+)").split(":")
    memory, unit = re.findall(r"\bmem=([\d.]+)([MG])", line)[0]
    return Job(
        number=int(field(r"^JobId=(\d+)")),
        state=field(r" JobState=(\w+)"),
        comment=field(r" Comment=(\S+)"),
        memory_mb=round(float(memory) * {"M": 1, "G": 1024}[unit]),
        minutes=60 * int(hours) + int(minutes),
        cores=int(field(r" NumCPUs=(\d+)")),
        gpus=int(field(r" TresPerJob=gres:gpu:(\d+)") or 0),
    )


def why_not() -> str | None:
    """Why no cluster can be started here, or None; Slurm is installed from Debian's packages if it is missing."""
    if os.geteuid() != 0:
        return "Slurm's daemons must be started as root"
    if SYSTEM_CONF.exists() and not SYSTEM_CONF.is_symlink():
        return f"{SYSTEM_CONF} belongs to a cluster of this machine"
    if not all(map(shutil.which, PROGRAMS)):
        if shutil.which("apt-get") is None:
            return f"Slurm is not installed and there is no apt-get: {', '.join(PACKAGES)}"
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update"], ["install", "--yes", "--no-install-recommends", *PACKAGES]):
            answer = subprocess.run(["apt-get", "-qq", *command], env=environment, capture_output=True, check=False)
            if answer.returncode != 0:
                return f"Slurm cannot be installed: {answer.stderr.decode()[-300:]}"
    return None


def wait_until(condition: Callable[[], object], seconds: float) -> None:
    """Check a condition again and again until it holds.

    Raises:
        RuntimeError: it does not hold within `seconds`.
    """
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"in vain: {condition}")
        time.sleep(0.3)


@contextmanager
def held(script: str, folder: Path, seconds: float = 600) -> Iterator[None]:
    """Suspend the process of a script as soon as it runs in a folder.

    In the end all processes that still run there are killed, as a node that is down leaves its jobs running.
    """
    here, found = folder.resolve(), list[psutil.Process]()

    def runs() -> bool:
        found.extend(process for process in in_folder(here) if script_of(process).endswith(f".{script}.py"))
        return bool(found)

    wait_until(runs, seconds)
    found[0].suspend()
    try:
        yield
    finally:
        for process in in_folder(here):
            with suppress(psutil.NoSuchProcess):
                process.kill()


def in_folder(folder: Path) -> list[psutil.Process]:
    """The processes whose working directory is a folder."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if Path(process.cwd()) == folder:
                found.append(process)
    return found


def script_of(process: psutil.Process) -> str:
    """The first argument of a process; empty if it has none or the process has ended."""
    with suppress(psutil.Error):
        return [*process.cmdline(), "", ""][1]
    return ""
