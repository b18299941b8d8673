/* ranks_mpi.h -- the ranks of Open MPI; see ranks.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_STUDY_RANKS_MPI_H
#define SIM_STUDY_RANKS_MPI_H

/* Sets ranks where mpirun has started more than one process, and ranks_about. */
void ranks_mpi_find(void);

#endif
