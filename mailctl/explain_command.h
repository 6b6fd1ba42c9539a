/*
 * explain_command -- what would become of a mail, and why, without sending one.
 * As command_local (command.h) says.
 */
#ifndef EXPLAIN_COMMAND_H
#define EXPLAIN_COMMAND_H

#include "client.h"

#define EXPLAIN_COMMAND_USAGE "smtp [--login] FROM TO ADDRESS"

enum client_exit
explain_command_run(const char *folder, char **args, int count);

#endif
