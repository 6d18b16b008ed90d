#!/bin/sh
# Stop the Slurm that start.sh started: stop.sh FOLDER
set -eu
if [ $# -ne 1 ]; then
    echo "usage: stop.sh FOLDER, the one that start.sh was given" >&2
    exit 2
fi
folder=$(cd "$1" && pwd)
for daemon in slurmd slurmctld; do
    if [ -s "$folder/$daemon.pid" ]; then
        kill "$(cat "$folder/$daemon.pid")" || true
    fi
done
if [ "$(readlink /etc/slurm/slurm.conf)" = "$folder/slurm.conf" ]; then
    rm /etc/slurm/slurm.conf
fi
