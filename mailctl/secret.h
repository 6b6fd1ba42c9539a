/*
 * secret -- a new password, from the terminal or from standard input; never
 * from the command line, which others can see.
 */
#ifndef SECRET_H
#define SECRET_H

#include <stddef.h>

/*
 * Reads a password to secret[size]: where standard input is a terminal, asks
 * for it twice with the echo off (who: whose it is); else takes one line.
 * Returns 0, or -1 after a line on standard error.  Wipe it after use.
 */
int secret_read(const char *who, char *secret, size_t size);

#endif
