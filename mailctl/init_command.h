/*
 * init_command -- a first set-up: short confs for this host, folders, the first
 * domain and its postmaster.  As command_local (command.h) says.
 */
#ifndef INIT_COMMAND_H
#define INIT_COMMAND_H

#include "client.h"

#define INIT_COMMAND_USAGE                                          \
	"[--force] [--hostname HOST] [--below FOLDER] [--no-user] " \
	"DOMAIN"
#define INIT_COMMAND_MOST 7

enum client_exit init_command_run(const char *folder, char **args, int count);

#endif
