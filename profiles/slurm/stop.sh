#!/bin/sh
# Stop the Slurm that start.sh started: stop.sh FOLDER
set -eu
if [ $# -ne 1 ]; then
    echo "usage: stop.sh FOLDER, the one that start.sh was given" >&2
    exit 2
fi
for daemon in slurmd slurmctld; do
    if [ -s "$1/$daemon.pid" ]; then
        kill "$(cat "$1/$daemon.pid")" || true
    fi
done
