/*
 * super_pid -- the file that tells which process a service's parent is.
 *
 * It lies beside the service's run folder: RUN.pid.  As long as the process
 * lives it holds a lock (flock) on it, so that a file which is left over, or
 * whose number is another process's by now, deceives nobody: also while it
 * becomes another program by exec.  A file that is
 * not root's can name processes of its owner alone, so that he can't have root
 * send a signal to others.
 */
#ifndef SUPER_PID_H
#define SUPER_PID_H

#include <sys/types.h>

/* In the parent, before it forks: writes the file, and keeps it locked until
 * the process ends.  0, or -1 with errno; EWOULDBLOCK: another one has it. */
int super_pid_write(const char *run);

/* Whether the program that comes by exec, as the same process, gets the file,
 * with its lock; RINGMAIL_PID_FILE says where. */
void super_pid_hand_on(int is_handed);

/* The pid of the parent whose run folder this is.  0: none runs; -1 with errno
 * where that can't be told. */
pid_t super_pid_read(const char *run);

#endif
