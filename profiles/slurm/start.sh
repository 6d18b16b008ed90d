#!/bin/sh
# Start Slurm on this machine alone, as one node, to try the profile: start.sh FOLDER
# It needs root and Debian's packages munge, slurmctld, slurmd and slurm-client.
# State and logs lie in FOLDER; /etc/slurm/slurm.conf is a link to the settings there, so that all
# commands find them. `stop.sh FOLDER` stops it and removes the link.
set -eu
export LC_ALL=C

if [ $# -ne 1 ]; then
    echo "usage: start.sh FOLDER, for the state and logs of Slurm" >&2
    exit 2
fi
for program in munged slurmctld slurmd scontrol; do
    if ! command -v "$program" >/dev/null; then
        echo "$program is missing: apt-get install munge slurmctld slurmd slurm-client" >&2
        exit 1
    fi
done
if [ "$(id -u)" -ne 0 ]; then
    echo "start.sh needs root, as Slurm's daemons do" >&2
    exit 1
fi
# Only what an earlier start made is taken over: where it was killed, its link is all that is left.
settings=$(readlink /etc/slurm/slurm.conf || true)
if [ -n "$settings" ] && [ "$(head -n 1 "$settings" 2>/dev/null)" = ClusterName=trial ]; then
    earlier=$(dirname "$settings")
    if [ -s "$earlier/slurmctld.pid" ] && kill -0 "$(cat "$earlier/slurmctld.pid")" 2>/dev/null; then
        echo "Slurm runs already, with its state in $earlier: stop it first, with stop.sh $earlier" >&2
        exit 1
    fi
    rm /etc/slurm/slurm.conf
elif [ -e /etc/slurm/slurm.conf ] || [ -n "$settings" ]; then
    echo "this machine belongs to a cluster already: /etc/slurm/slurm.conf exists" >&2
    exit 1
fi

mkdir -p "$1/state" "$1/spool"
folder=$(cd "$1" && pwd)
node=$(hostname -s)
memory=$(awk '/^MemTotal/ {print int($2 / 1024)}' /proc/meminfo)

cat >"$folder/slurm.conf" <<CONF
ClusterName=trial
SlurmctldHost=$node(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
# No control groups: a container has none of its own.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
# Four jobs at a time, however many cores the machine has.
SlurmdParameters=config_overrides
NodeName=$node NodeAddr=127.0.0.1 CPUs=4 RealMemory=$memory State=UNKNOWN
PartitionName=trial Nodes=ALL Default=YES MaxTime=INFINITE State=UP
ReturnToService=2
KillWait=5
MinJobAge=300
CONF
mkdir -p /etc/slurm
ln -sfn "$folder/slurm.conf" /etc/slurm/slurm.conf

if ! munge -n >/dev/null 2>&1; then
    mkdir -p /run/munge
    chown munge: /run/munge
    runuser -u munge -- munged
fi
slurmctld
slurmd -N "$node"

tries=0
until [ "$(sinfo --noheader --format=%t 2>/dev/null)" = idle ]; do
    tries=$((tries + 1))
    if [ "$tries" -gt 60 ]; then
        echo "Slurm did not start; its logs are $folder/slurmctld.log and slurmd.log" >&2
        exit 1
    fi
    sleep 0.5
done
echo "Slurm runs with one node; its logs are in $folder"
