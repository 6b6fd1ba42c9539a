/*
 * command -- the commands of mailctl: a table of what may stand on the command
 * line, and one function for each.
 */
#ifndef COMMAND_H
#define COMMAND_H

#include "client.h"

struct command {
	const char *noun, *verb; /* noun NULL ends the table */
	int least, most;	 /* how many arguments follow */
	const char *usage;	 /* those arguments */
	const char *helper;	 /* who does it: its socket's name */
	const char *what;	 /* it does, in a line of at most 54 octets */
	/* Does it over the connected socket fd; returns the exit code. */
	enum client_exit (*run)(int fd, char **args, int count);
};

extern const struct command commands[];

/* A command that asks no helper: its name, what may follow, what it does with
 * that.  folder: of the conf files. */
struct command_local {
	const char *name; /* NULL ends the table */
	int most;	  /* arguments */
	const char *usage, *what;
	enum client_exit (*run)(const char *folder, char **args, int count);
};

extern const struct command_local command_locals[];

#endif
