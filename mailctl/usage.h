/*
 * usage -- what mailctl says of its commands: all of them, or what follows
 * some, out of the tables of command.h.
 */
#ifndef USAGE_H
#define USAGE_H

#include "client.h"

/* No command, or none that there is: says on standard error which there are,
 * and returns CLIENT_USAGE. */
enum client_exit usage_wrong(char **args, int count);

/* As command_local (command.h) says: what the command, or the word with which
 * some begin, is about; without any, all of them. */
enum client_exit usage_help(const char *folder, char **args, int count);

/* For the shell's completion: each command, a tab, and what follows. */
enum client_exit usage_commands(void);

#endif
