/*
 * program -- whose a token is, as the program of helpers.conf(5) says that asks
 * whoever issued it (RFC 7662).  The process of introspect.c runs it.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include "token.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Runs the program at path once, in a process group of its own, with PATH as
 * its whole environment: token[length] and a line feed are its standard input,
 * standard error goes nowhere.  It has until deadline (clock.h) to answer and
 * end; then, and in any case at the end, its group is killed.
 *
 * "active USER" on one line and exit code 0: TOKEN_GOOD, and the user's name
 * stands in name[WIRE_NAME_MAX].  Nothing, and exit code 1: TOKEN_BAD. Whatever
 * else it says, or does: TOKEN_FAILED, after a log line that has nothing of
 * what it read or wrote.  Blocks the whole process meanwhile.
 */
enum token_result program_ask(
    char *path, const char *token, size_t length, int64_t deadline, char *name);

#endif
