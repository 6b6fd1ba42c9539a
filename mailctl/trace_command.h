/*
 * trace_command -- what became of a message or a session, from all logs.  As
 * command_local (command.h) says.
 */
#ifndef TRACE_COMMAND_H
#define TRACE_COMMAND_H

#include "client.h"

#define TRACE_COMMAND_USAGE "ID [FILE]..."
#define TRACE_COMMAND_MOST  1025

enum client_exit trace_command_run(const char *folder, char **args, int count);

#endif
