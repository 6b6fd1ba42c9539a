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

/* getopt has said which option there is none of: says how options are written,
 * and returns CLIENT_USAGE. */
enum client_exit usage_wrong_option(void);

/*
 * Whether each of the args that looks like an option (a file of such a name is
 * written ./-NAME) stands in the usage: 0, or -1 after a line on standard error
 * about the first that does not.
 */
int usage_check_options(const char *usage, char *const *args, int count);

/* As command_local (command.h) says: what the command, or the word with which
 * some begin, is about; without any, all of them. */
enum client_exit usage_help(const char *folder, char **args, int count);

/* For the shell's completion: each command, a tab, and what follows. */
enum client_exit usage_commands(void);

#endif
