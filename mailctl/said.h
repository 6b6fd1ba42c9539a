/*
 * said -- what is said on standard error: on a line of its own, where a bar
 * (progress.h) stands there, and kept for --json, so that who reads an object
 * from standard output need not look elsewhere for the reason.
 */
#ifndef SAID_H
#define SAID_H

/*
 * From now on all that goes through stderr to the descriptor is treated so; not
 * what programs that are started write there themselves.
 */
void said_begin(void);

/*
 * The next line, without its line feed and the program's name; NULL after the
 * last one.  Each is told once; it is good until the next call.
 */
const char *said_line(void);

#endif
