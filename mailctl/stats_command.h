/*
 * stats_command -- what the services count, once or as it changes.  As
 * command_local (command.h) says.
 */
#ifndef STATS_COMMAND_H
#define STATS_COMMAND_H

#include "client.h"

#define STATS_COMMAND_USAGE "[--from ADDRESS]"
#define STATS_COMMAND_TOP   "[--from ADDRESS] [SECONDS]"
#define STATS_COMMAND_MOST  3

/* stats: all counters, since they began. */
enum client_exit stats_command_run(const char *folder, char **args, int count);

/* top: rates, sessions, queues and latencies, anew every SECONDS, until it is
 * interrupted; without a terminal, once. */
enum client_exit stats_command_top(const char *folder, char **args, int count);

#endif
