#!/bin/bash
# merge.sh -- puts the shards of shard.sh together, as a job that waits for them.
#
# usage: sbatch --dependency=afterok:JOB merge.sh OUT     (the results are in OUT/results)
# SPDX-License-Identifier: GPL-3.0-or-later
#SBATCH --job-name=braidsim-merge
set -euo pipefail

exec "${BRAIDSIM:-braidsim}" merge "$1"/shard-* --out "$1/results"
