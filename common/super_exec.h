/*
 * super_exec -- how a parent becomes the program that lies by its own name by
 * now: it stays the same process, with descriptors and environment that it has
 * chosen to hand on.
 */
#ifndef SUPER_EXEC_H
#define SUPER_EXEC_H

/* Notes which program this is: first of all, as its file may be replaced. */
void super_exec_begin(char **argv);

/* Whether this program came in the place of one that has handed on things by
 * environment variables; they are removed by super_exec_forget. */
int super_exec_is_heir(void);

/* In the parent: runs the program once, to check this conf (-n), for some
 * seconds at most.  0: it is good; -1 after a log line. */
int super_exec_try(const char *conf);

/* Whether exec keeps a descriptor. */
void super_exec_keep(int fd, int is_kept);

/* Becomes the program.  Returns where that can't be done, after a log line. */
void super_exec_run(void);

#endif
