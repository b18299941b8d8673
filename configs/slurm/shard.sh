#!/bin/bash
# shard.sh -- one shard of a study, as a task of a Slurm job array; docs/EXPERIMENTS.md, section 3.
#
# A task that is requeued, or submitted again after its time limit, goes on where it was.
#
# usage: sbatch --array=1-N shard.sh SCENARIO OUT N     (OUT: a folder that all nodes share)
# SPDX-License-Identifier: GPL-3.0-or-later
#SBATCH --job-name=braidsim
#SBATCH --cpus-per-task=1
#SBATCH --open-mode=append
#SBATCH --requeue
set -euo pipefail

exec "${BRAIDSIM:-braidsim}" run "$1" --shard "$SLURM_ARRAY_TASK_ID/$3" --out "$2/shard-$SLURM_ARRAY_TASK_ID" \
    --jobs "${SLURM_CPUS_PER_TASK:-1}" --resume
