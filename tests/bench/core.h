/*
 * core -- the parts of the benchmark of fibers, rings and ports.  Each figure
 * is a function that returns ns a step; rows are printed by core.c.
 */
#ifndef CORE_H
#define CORE_H

#ifdef __cplusplus
extern "C" {
#endif

/* Of Boost.Context (core_boost.cpp): a fiber's life, and a switch. */
double boost_life(void);
double boost_switch(void);

/*
 * Starts the process that answers (core_helper.c); before any thread.  0, or
 * -1 with errno.  helper_stop ends it.
 */
int helper_start(void);
void helper_stop(void);

/* Opens and closes the way to it; on the worker that measures. */
void helper_open(void);
void helper_close(void);

/* ns a request, with one in flight and with 64; of the latter through a raw
 * socket, read and written by two processes in turn, with nothing around it. */
double helper_call_one(void);
double helper_call_many(void);
double raw_call(void);

#ifdef __cplusplus
}
#endif

#endif
