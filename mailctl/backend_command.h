/*
 * backend_command -- the commands of mailctl about mailboxes that other servers
 * have.  As struct command's run.
 */
#ifndef BACKEND_COMMAND_H
#define BACKEND_COMMAND_H

#include "client.h"

/* What may stand behind "user backend". */
#define BACKEND_COMMAND_USAGE                                     \
	"[--new] [--there] [--learn] [--tls implicit|stls|none] " \
	"[--as NAME] USER@DOMAIN HOST:PORT|none"
#define BACKEND_COMMAND_MOST 9

enum client_exit backend_command_set(int fd, char **args, int count);
enum client_exit backend_command_list(int fd, char **args, int count);

#endif
