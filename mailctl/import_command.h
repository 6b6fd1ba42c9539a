/*
 * import_command -- the commands of mailctl that read many domains, users and
 * aliases from a file.  As struct command's run.
 */
#ifndef IMPORT_COMMAND_H
#define IMPORT_COMMAND_H

#include "client.h"

#define IMPORT_COMMAND_DOMAIN_USAGE "[--format list|csv] [--dry-run] FILE"
#define IMPORT_COMMAND_USER_USAGE                                     \
	"[--format csv|passwd] [--domain DOMAIN] [--system] [--lax] " \
	"[--replace] [--dry-run] FILE"
#define IMPORT_COMMAND_ALIAS_USAGE                          \
	"[--format csv|aliases|virtual] [--domain DOMAIN] " \
	"[--replace] [--dry-run] FILE"
#define IMPORT_COMMAND_MOST 9

enum client_exit import_command_domain(int fd, char **args, int count);
enum client_exit import_command_user(int fd, char **args, int count);
enum client_exit import_command_alias(int fd, char **args, int count);

#endif
