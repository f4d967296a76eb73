/* Several processors. */
#ifndef SMP_H
#define SMP_H

/* The number of processors the machine has, at most MAXIMUM_CPUS. Three exits: it asks fw_cfg. */
unsigned count_processors(void);

/* Runs the function on `count` processors, numbered from 0, at CPL 3; returns when all are done. Once in a run. */
void run_on_processors(unsigned count, void (*function)(unsigned processor));

#endif
